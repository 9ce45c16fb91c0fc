"""How much memory this process holds and held at most, where the operating system tells."""

import contextlib
import sys
from pathlib import Path

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
# Written to clear_refs this sets the peak back to what is resident now.
_FORGET_PEAK = "5"


class MemoryMeter:
    """Measures from its making on: how far the peak rose above what was resident then."""

    def __init__(self) -> None:
        with contextlib.suppress(OSError):
            _CLEAR.write_text(_FORGET_PEAK, encoding="ascii")
        self._before = _of_linux("VmRSS") if _STATUS.exists() else _peak_of_unix()

    def rise(self) -> int | None:
        """Bytes, or None where it cannot be told: without Linux, as long as the peak before is not passed."""
        peak = _of_linux("VmHWM") if _STATUS.exists() else _peak_of_unix()
        if peak is None or self._before is None or (peak == self._before and not _STATUS.exists()):
            return None
        return peak - self._before


def _of_linux(name: str) -> int | None:
    for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return None


def _peak_of_unix() -> int | None:
    """The largest resident size since the process began; macOS counts in bytes."""
    try:
        import resource
    except ImportError:
        return None
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return usage if sys.platform == "darwin" else usage * 1024
