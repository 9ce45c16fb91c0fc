"""Kernels as Python calls them; while a thread takes notes, their calls are written down instead of made.

Settings and tables (int64) of up to `_SETTINGS` numbers are noted as they are then: their owner goes on changing them.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import update_wrapper
from threading import get_ident
from typing import Any

import numpy as np

_SETTINGS = 64
# By thread, since engines in other threads go on working meanwhile.
_notes: dict[int, list["Call"]] = {}


@dataclass(frozen=True)
class Call:
    """A compiled function with the arguments it is called with."""

    compiled: Any
    arguments: tuple[Any, ...]


def is_settings(argument: Any) -> bool:
    """Whether it is an array that each call has for itself."""
    return isinstance(argument, np.ndarray) and argument.dtype == np.int64 and argument.size <= _SETTINGS


def _as_it_is(argument: Any) -> Any:
    """An argument that stays as it is now, where it is settings or holds some."""
    if isinstance(argument, tuple):
        return tuple(map(_as_it_is, argument))
    return argument.copy() if is_settings(argument) else argument


class Kernel:
    """A compiled function for Python to call; other compiled functions see what is behind it."""

    def __init__(self, function: Callable[..., Any], compiled: Any) -> None:
        update_wrapper(self, function)
        self.compiled = compiled
        self._numba_type_ = compiled._numba_type_

    def __call__(self, *arguments: Any) -> Any:
        if _notes:
            notes = _notes.get(get_ident())
            if notes is not None:
                notes.append(Call(self.compiled, _as_it_is(arguments)))
                return None
        return self.compiled(*arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.compiled, name)


class Helper:
    """A function that is compiled for other compiled functions only; Python runs it as it is written."""

    def __init__(self, compiled: Any) -> None:
        self.compiled = compiled
        self._numba_type_ = compiled._numba_type_

    def __call__(self, *arguments: Any) -> Any:
        return self.compiled.py_func(*arguments)


@contextmanager
def noted() -> Iterator[list[Call]]:
    """Meanwhile the calls of kernels that this thread makes are put into the list, and nothing is computed."""
    calls = _notes[get_ident()] = []
    try:
        yield calls
    finally:
        del _notes[get_ident()]


def noting() -> bool:
    """Whether this thread takes notes."""
    return bool(_notes) and get_ident() in _notes
