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
def pause(typing: Any) -> Any:
    """Breathe: the processor's other thread may use the moment."""
    signature = types.void()

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        name, given = _PAUSES.get(platform.machine().lower(), ("", []))
        if name:
            kind = ir.FunctionType(ir.VoidType(), [each.type for each in given])
            function = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
            builder.call(function, given)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def look(typing: Any, state: Any, place: Any) -> Any:
    """Read state[place], a whole number, as other threads have left it."""
    signature = state.dtype(state, types.int64)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.load_atomic(builder.gep(data, [arguments[1]]), "acquire", state.dtype.bitwidth // 8)

    return signature, generate


@intrinsic
def tell(typing: Any, state: Any, place: Any, value: Any) -> Any:
    """Set state[place], so that other threads see it, and before it all that this one wrote."""
    signature = types.void(state, types.int64, state.dtype)

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        place = builder.gep(data, [arguments[1]])
        builder.store_atomic(arguments[2], place, "release", state.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return signature, generate


@kernel
def wait_for_turn(turn: NDArray[np.int32], number: int) -> None:
    """Wait awake until turn[0] is `number`."""
    while look(turn, 0) != number:
        pause()


@kernel
def give_turn(turn: NDArray[np.int32], number: int) -> None:
    """Set turn[0], for whoever waits for it."""
    tell(turn, 0, np.int32(number))


@kernel
def _wait(state: Integers, place: int, known: int, looks: int, rest: int) -> None:
    for _ in range(looks):
        if look(state, place) != known:
            break
        pause()
    for _ in range(rest):
        pause()


def wait_for_change(state: Integers, place: int, known: int, looks: int, rest: int = 0) -> None:
    """Wait until state[place] is no longer `known`, but for no more than `looks` looks; then for `rest` looks more.

    A look takes some 25 to 50 ns. The interpreter lock is free meanwhile.
    """
    if COMPILED:
        _wait(state, place, known, looks, rest)
