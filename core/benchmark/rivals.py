"""PyTorch's processes for a comparison, each in the best state it can have, or the reason why one is not there."""

import importlib.util
import os
import shutil
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from core.benchmark.rounds import PREDICT, TRAIN
from core.benchmark.side import Side, SideFailed, torch_side
from core.errors import SystemLibraryError

# Ways to run PyTorch: as it comes, with channels innermost in memory, and compiled (channels innermost as well).
DEFAULT, CHANNELS_LAST, COMPILED = "default", "channels_last", "compiled"
PLAIN_VARIANTS = (DEFAULT, CHANNELS_LAST)
INSTALL = "-m pip install torch --index-url https://download.pytorch.org/whl/cpu"
# Seconds that compiling one direction of a network may take.
COMPILE_LIMIT = 180.0

_COMPILERS = ("c++", "g++", "clang++", "cl")


@dataclass
class Rivals:
    """The processes that are ready, and by variant why others are not."""

    sides: dict[str, Side] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)


def need_torch() -> None:
    """SystemLibraryError with the command that installs PyTorch, where it is missing."""
    if importlib.util.find_spec("torch") is None:
        raise SystemLibraryError("PyTorch is not installed, and nothing else here needs it. To compare with it, "
                                 f"install it first: {sys.executable} {INSTALL}")


def start_rivals(stack: ExitStack, job: Path, threads: int, *, compiled: bool) -> Rivals:
    """Start PyTorch in all its variants with the network of a job; they end with the stack."""
    found = Rivals()
    for variant in PLAIN_VARIANTS:
        side = stack.enter_context(torch_side(variant))
        side.open(job, threads)
        found.sides[variant] = side
    reason = _why_not_compiled(compiled)
    if not reason:
        side = stack.enter_context(torch_side(COMPILED))
        try:
            side.open(job, threads)
            for what in (TRAIN, PREDICT):
                side.ask(what, limit=COMPILE_LIMIT, steps=1)
            found.sides[COMPILED] = side
        except SideFailed as failure:
            reason = failure.message
    if reason:
        found.skipped[COMPILED] = reason
    return found


def _why_not_compiled(wanted: bool) -> str:
    if not wanted:
        return "not asked for"
    if os.environ.get("CXX") or any(shutil.which(name) for name in _COMPILERS):
        return ""
    return "torch.compile needs a C++ compiler, and there is none on this computer"
