"""What the processor can do: how many float32 lanes a vector has, and how large a register tile may be."""

import os
from dataclasses import dataclass

# Processors by the name LLVM gives them, for NUMBA_CPU_NAME; the machine's own processor is asked for its features.
_WIDE_NAMES = ("avx512", "cascadelake", "cooperlake", "icelake", "sapphire", "emerald", "granite", "znver4", "znver5",
               "x86-64-v4")
_MEDIUM_NAMES = ("haswell", "broadwell", "skylake", "znver", "lake", "core-avx2", "x86-64-v3", "sierraforest")


@dataclass(frozen=True)
class Tile:
    """A register tile: `lanes` float32 in a vector, `rows` × `vectors` sums kept in registers at once.

    `tail_rows` is the height for what is left over, of which every multiple of the lanes' count is a multiple;
    `tall_rows` the height where only one vector is needed; `dot_rows` × `dot_columns` the tile of dot products.
    """

    lanes: int
    rows: int
    tail_rows: int
    tall_rows: int
    dot_rows: int
    dot_columns: int


_TILES = {
    16: Tile(16, rows=8, tail_rows=2, tall_rows=12, dot_rows=4, dot_columns=4),
    8: Tile(8, rows=6, tail_rows=2, tall_rows=10, dot_rows=3, dot_columns=3),
    4: Tile(4, rows=6, tail_rows=2, tall_rows=10, dot_rows=3, dot_columns=3),
}


def processor_name() -> str:
    """The processor Numba compiles for."""
    import llvmlite.binding as llvm

    return os.environ.get("NUMBA_CPU_NAME") or str(llvm.get_host_cpu_name())


def processor_count() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def lane_count() -> int:
    """float32 lanes of one vector register: 16 with AVX-512, 8 with AVX2, else 4. GUIBUILDER_LANES overrides it."""
    wanted = os.environ.get("GUIBUILDER_LANES", "")
    if wanted in ("4", "8", "16"):
        return int(wanted)
    features = os.environ.get("NUMBA_CPU_FEATURES")
    if features is not None:
        return _lanes_of([name[1:] for name in features.split(",") if name.startswith("+")])
    name = os.environ.get("NUMBA_CPU_NAME")
    if name:
        return _lanes_of_name(name)
    import llvmlite.binding as llvm

    return _lanes_of([feature for feature, present in llvm.get_host_cpu_features().items() if present])


def _lanes_of(features: list[str]) -> int:
    if "avx512f" in features:
        return 16
    return 8 if "avx2" in features and "fma" in features else 4


def _lanes_of_name(name: str) -> int:
    if any(part in name for part in _WIDE_NAMES):
        return 16
    return 8 if any(part in name for part in _MEDIUM_NAMES) else 4


TILE = _TILES[lane_count()]
LANES = TILE.lanes
