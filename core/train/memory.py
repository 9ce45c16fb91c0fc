"""How much memory is free, asked before training: later nobody asks, the system ends the process."""

import os
import sys
from pathlib import Path

from core.errors import TrainingError

# The interpreter with NumPy and the compiled kernels.
PROCESS_BYTES = 90_000_000


def available_bytes() -> int | None:
    """Memory that programs may still take: MemAvailable on Linux, unused memory on Windows, all of it elsewhere."""
    if sys.platform == "win32":
        return _available_on_windows()
    try:
        for line in Path("/proc/meminfo").read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return None


def _available_on_windows() -> int | None:
    import ctypes

    class Status(ctypes.Structure):
        """MEMORYSTATUSEX."""

        _fields_ = (("length", ctypes.c_ulong), ("load", ctypes.c_ulong), *(
            (name, ctypes.c_ulonglong) for name in ("total", "available", "page_total", "page_available",
                                                    "virtual_total", "virtual_available", "extended_available")))

    status = Status(length=ctypes.sizeof(Status))
    found = ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))  # type: ignore[attr-defined,unused-ignore]
    return int(status.available) if found else None


def check_memory(needed: int, batch: int) -> None:
    """TrainingError where a training that needs so many bytes would not fit."""
    free = available_bytes()
    if free is not None and needed + PROCESS_BYTES > free:
        advice = f"Choose a smaller batch than {batch:,}" if batch > 1 else "Make the network smaller"
        raise TrainingError(f"Training would need about {_words(needed + PROCESS_BYTES)} of memory, but only "
                            f"{_words(free)} are free. {advice}, or close other programs.")


def _words(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.0f} MB"
