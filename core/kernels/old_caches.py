"""Machine code that earlier versions of the program left in the user's cache: nobody loads it again."""

import contextlib
import os
import re
import shutil
import time
from pathlib import Path

# Two versions that are used in turn keep their kernels; what was not used for so long is compiled again if need be.
DAYS_KEPT = 30
_SECONDS_A_DAY = 86_400
_STAMP = re.compile(r"[0-9a-f]{16}")


def forget_old_caches(current: Path | None) -> int:
    """Mark the `current` cache as used today and delete its neighbours that nobody used for 30 days; gives how many.

    Only folders with the name of a stamp are touched, and no links: the place may be one that the user chose.
    What cannot be deleted stays.
    """
    if current is None or not _STAMP.fullmatch(current.name):
        return 0
    forgotten = 0
    with contextlib.suppress(OSError):
        os.utime(current)
        oldest = time.time() - DAYS_KEPT * _SECONDS_A_DAY
        for folder in current.parent.iterdir():
            if folder != current and _is_cache(folder) and folder.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)
                forgotten += not folder.exists()
    return forgotten


def _is_cache(folder: Path) -> bool:
    return bool(_STAMP.fullmatch(folder.name)) and folder.is_dir() and not folder.is_symlink()
