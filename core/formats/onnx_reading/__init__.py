"""Reading ONNX files: the bytes with every length checked, the graph, and the layers that its operators stand for."""
