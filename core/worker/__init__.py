"""The process that computes: training, inspection, foreign files. The window only sends and receives messages."""
