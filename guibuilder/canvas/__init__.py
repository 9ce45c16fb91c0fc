"""The drawing: nodes, wires, and everything that hands do with them."""
