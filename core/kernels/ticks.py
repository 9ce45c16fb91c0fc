"""The processor's own clock, which a recorded batch can read as well."""

import platform
import time
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from core.kernels.jit import COMPILED, kernel
from core.kernels.simd import INT, Builder, Value, intrinsic

Doubles = NDArray[np.float64]

_MACHINE = platform.machine().lower()
# Elsewhere Python's clock serves, and what is timed cannot be recorded.
RECORDABLE = COMPILED and _MACHINE in ("x86_64", "amd64", "arm64", "aarch64")


@intrinsic
def _now(typing: Any) -> Any:
    """Ticks since some moment: of the time stamp counter, or of ARM's virtual timer."""
    signature = types.int64()

    def generate(context: Any, builder: Builder, signature: Any, arguments: tuple[Value, ...]) -> Value:
        kind = ir.FunctionType(INT, [])
        if _MACHINE in ("x86_64", "amd64"):
            name = "llvm.readcyclecounter"
            function = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
            return builder.call(function, [])
        return builder.call(ir.InlineAsm(kind, "mrs $0, cntvct_el0", "=r", side_effect=True), [])

    return signature, generate


@kernel
def _count(sums: Doubles, place: int, sign: int) -> None:
    sums[place] += sign * float(_now())


def count_ticks(sums: Doubles, place: int, sign: int) -> None:
    """Add the clock to sums[place], or with the sign −1 take it away: so that what lies between is added up."""
    if RECORDABLE:
        _count(sums, place, sign)
    else:
        sums[place] += sign * time.perf_counter_ns()
