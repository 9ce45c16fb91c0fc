"""Pictures of a network as SVG text; every other picture of a network is this one, painted."""
