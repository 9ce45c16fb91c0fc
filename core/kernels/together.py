"""Threads that play recordings together, and wait for the next one awake and outside the interpreter.

Threads that come back to Python at the same moment wait for its lock asleep, and waking up takes as long as a small
layer. So helpers stay here: the caller puts the address of a recording's table into their common `mail`, and they play.

mail: how many recordings there were; whether one is being played; where its table lies. In the cache line of each
helper behind that: whether it is inside a recording, and whether it attends to the mail at all.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from core.kernels.jit import kernel
from core.kernels.replay import failed, play, rewind
from core.kernels.simd import INT, Builder, Value, intrinsic
from core.kernels.waiting import look, pause, tell

Integers = NDArray[np.int64]

LINE = 8  # int64 numbers in a cache line
_NUMBER, _OPEN, _TABLE = range(3)
_INSIDE, ATTENDS = range(2)


@intrinsic
def _exchange(typing: Any, mail: Any, place: Any, value: Any) -> Any:
    """Set mail[place]; what other threads do before and after is seen by all in that order."""
    signature = types.int64(mail, types.int64, types.int64)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.atomic_rmw("xchg", builder.gep(data, [arguments[1]]), arguments[2], "seq_cst")

    return signature, generate


@intrinsic
def _settled(typing: Any, mail: Any, place: Any) -> Any:
    """Read mail[place] in that same order."""
    signature = types.int64(mail, types.int64)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.atomic_rmw("add", builder.gep(data, [arguments[1]]), ir.Constant(INT, 0), "seq_cst")

    return signature, generate


@kernel
def conduct(mail: Integers, table: int, helpers: int) -> bool:
    """Play the recording whose table lies at that address, with the helpers that come; whether all went well."""
    rewind(table)
    tell(mail, _TABLE, table)
    if helpers > 0:
        _exchange(mail, _OPEN, 1)
        tell(mail, _NUMBER, mail[_NUMBER] + 1)
    play(table, 0)
    if helpers > 0:
        _exchange(mail, _OPEN, 0)
        for helper in range(1, helpers + 1):
            while look(mail, LINE * helper + _INSIDE) != 0:
                pause()
    return not failed(table)


@kernel
def attend(mail: Integers, thread: int, seen: int, news: Integers, known: int, looks: int) -> int:
    """Play what comes with the mail until nothing has come for so many looks, or news[0] is no longer `known`.

    `seen` is the number of the last recording that this thread knows; gives that of the last one now.
    """
    mine, looked = LINE * thread, 0
    tell(mail, mine + ATTENDS, 1)
    while looked < looks and look(news, 0) == known:
        if look(mail, _NUMBER) != seen:
            seen = look(mail, _NUMBER)
            # Who comes when all is over finds it closed; whoever was let in is waited for.
            _exchange(mail, mine + _INSIDE, 1)
            if _settled(mail, _OPEN) != 0:
                play(look(mail, _TABLE), thread)
            _exchange(mail, mine + _INSIDE, 0)
            looked = 0
        pause()
        looked += 1
    tell(mail, mine + ATTENDS, 0)
    return seen
