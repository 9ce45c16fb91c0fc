"""Waiting a moment without sleeping: the operating system takes tens of microseconds to wake a thread up."""

import platform
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from core.kernels.jit import COMPILED, kernel
from core.kernels.simd import Builder, Value, intrinsic

Integers = NDArray[np.int64]

_INT32 = ir.IntType(32)
_PAUSES: dict[str, tuple[str, list[Value]]] = {
    "x86_64": ("llvm.x86.sse2.pause", []), "amd64": ("llvm.x86.sse2.pause", []),
    "arm64": ("llvm.aarch64.hint", [ir.Constant(_INT32, 1)]),
    "aarch64": ("llvm.aarch64.hint", [ir.Constant(_INT32, 1)]),
}


@intrinsic
def _look(typing: Any, state: Any, place: Any) -> Any:
    """Breathe, then read state[place] as other threads have left it."""
    signature = types.int64(state, types.int64)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        name, given = _PAUSES.get(platform.machine().lower(), ("", []))
        if name:
            kind = ir.FunctionType(ir.VoidType(), [each.type for each in given])
            pause = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
            builder.call(pause, given)
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.load_atomic(builder.gep(data, [arguments[1]]), "acquire", 8)

    return signature, generate


@kernel
def _wait(state: Integers, place: int, known: int, looks: int, rest: int) -> None:
    for _ in range(looks):
        if _look(state, place) != known:
            break
    for _ in range(rest):
        _look(state, place)


def wait_for_change(state: Integers, place: int, known: int, looks: int, rest: int = 0) -> None:
    """Wait until state[place] is no longer `known`, but for no more than `looks` looks; then for `rest` looks more.

    A look takes some 25 to 50 ns. The interpreter lock is free meanwhile.
    """
    if COMPILED:
        _wait(state, place, known, looks, rest)
