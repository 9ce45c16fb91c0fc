"""Arrays as the engine hands them to kernels: flat, with room behind the last number."""

import numpy as np

SLACK = 64


def flat(numbers, slack: int = SLACK) -> np.ndarray:
    """The numbers as flat float32 at the front of a larger array whose rest must not matter."""
    values = np.asarray(numbers, np.float32).reshape(-1)
    whole = np.full(values.size + slack, np.nan, np.float32)
    whole[: values.size] = values
    return whole[: values.size]


def room(*shape: int) -> np.ndarray:
    """Zeros with room behind them."""
    return flat(np.zeros(shape))


def plain(kernel):
    """The same function as Python runs it."""
    return getattr(kernel, "py_func", kernel)
