"""How much memory is free, asked before training: later nobody asks, the system ends the process."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from core.errors import MemoryRefused

# The interpreter with NumPy and the compiled kernels.
PROCESS_BYTES = 90_000_000
# Above this share of what is free, other programs begin to be pushed out.
TIGHT = 0.8
_CGROUP = Path("/sys/fs/cgroup")

Needs = Callable[[int], int]


def available_bytes() -> int | None:
    """Memory that programs may still take, in bytes; None where the system does not say."""
    if sys.platform == "win32":
        return _available_on_windows()
    if sys.platform == "darwin":
        return _available_on_macos()
    return _available_on_linux()


def _available_on_linux() -> int | None:
    """MemAvailable, or what is left of the container's limit where that is less."""
    found = None
    try:
        for line in Path("/proc/meminfo").read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                found = int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        return None
    try:
        left = int((_CGROUP / "memory.max").read_text()) - int((_CGROUP / "memory.current").read_text())
    except (OSError, ValueError):
        return found
    return left if found is None else max(0, min(found, left))


def _available_on_macos() -> int | None:
    """Free, purgeable and file-backed pages, as the kernel counts them (sysctl)."""
    import ctypes

    try:
        system = ctypes.CDLL(None).sysctlbyname
    except (OSError, AttributeError):
        return None

    def ask(name: str) -> int:
        value, size = ctypes.c_uint64(0), ctypes.c_size_t(8)
        wrong = system(name.encode(), ctypes.byref(value), ctypes.byref(size), None, ctypes.c_size_t(0))
        return 0 if wrong else value.value

    pages = sum(ask(f"vm.page_{kind}_count") for kind in ("free", "purgeable", "pageable_external"))
    return pages * os.sysconf("SC_PAGE_SIZE") if pages else ask("hw.memsize") or None


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


def check_memory(needs: Needs, batch: int) -> str:
    """Refuse a training that does not fit (MemoryRefused, with the batch that does); a warning where it is tight.

    `needs` gives the bytes for a batch. Empty where all is well, or the system does not say what is free.
    """
    free = available_bytes()
    need = needs(batch) + PROCESS_BYTES
    if free is None or need <= TIGHT * free:
        return ""
    smaller = smaller_batch(needs, batch, free)
    text = f"Training needs {_words(need)} at batch {batch:,}, this computer has {_words(free)} free."
    if need > free:
        raise MemoryRefused(f"{text} {_advice(needs, smaller)}", smaller)
    hint = f" {_advice(needs, smaller)}" if smaller else ""
    return f"{text} Other programs may become slow.{hint}"


def smaller_batch(needs: Needs, batch: int, free: int) -> int:
    """The largest power of two below `batch` that fits with room to spare; 0 where none does.

    Where that would be far smaller than what just fits, what just fits is better.
    """
    powers = [1 << place for place in reversed(range((batch - 1).bit_length()))]
    roomy, most = (next((each for each in powers if needs(each) + PROCESS_BYTES <= share * free), 0)
                   for share in (TIGHT, 1.0))
    return roomy if 4 * roomy >= most else most


def _advice(needs: Needs, smaller: int) -> str:
    if not smaller:
        return "Make the network smaller, or close other programs."
    return f"A batch of {smaller:,} would need {_words(needs(smaller) + PROCESS_BYTES)}."


def _words(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.0f} MB"
