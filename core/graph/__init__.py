"""The network as a graph: values, edits, rules, shapes and cost."""
