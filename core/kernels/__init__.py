"""Compiled loops: plain arrays in, plain arrays out. The only place that knows Numba and LLVM."""
