"""Saving so that the old file or the new one is there, whole, whatever happens in between.

The new content goes into a temporary file of the same folder, reaches the disk, and then takes the old file's name in
one step. Links are followed, the mode is kept.
"""

import contextlib
import errno
import itertools
import os
import re
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from core.errors import FileError

STRAY_AGE = 24 * 3600.0
# Virus scanners and cloud folders on Windows hold a file for milliseconds: access denied, sharing, locked.
_HELD = (5, 32, 33)
_TRIES, _PAUSE = 10, 0.25
_NUMBERS = itertools.count(1)

Write = Callable[[BinaryIO], object]


def write_atomically(path: Path, write: Write, *, keep_previous: bool = False) -> None:
    """Let `write` fill a file and put it in the place of `path`; FileError in one sentence, the old file untouched.

    With `keep_previous` the version before this one stays beside it: `name.bak.ending`.
    """
    real = Path(os.path.realpath(path))
    with _in_words(path):
        if real.exists() and not real.is_file():
            # Devices and pipes have no old version to protect, and must not be replaced by a file.
            with real.open("wb") as file:
                write(file)
            return
        _put_in_place(real, write, keep_previous=keep_previous)
        _sync_folder(real.parent)
    remove_strays(real)


def _put_in_place(real: Path, write: Write, *, keep_previous: bool) -> None:
    old = real.stat() if real.exists() else None
    if old is not None and not os.access(real, os.W_OK):
        raise FileError(f"{real.name} is write-protected. Save under another name, or change its permissions.")
    with _temporary(real) as temporary:
        with temporary.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        if old is not None:
            _take_over(temporary, old)
        if old is not None and keep_previous:
            _keep(real)
        _replace(temporary, real)


@contextlib.contextmanager
def _temporary(real: Path) -> Iterator[Path]:
    """A new name beside `real`; whatever still has it at the end is removed."""
    temporary = real.parent / f"{_stem(real)}.{os.getpid()}-{next(_NUMBERS)}.tmp"
    temporary.unlink(missing_ok=True)
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def remove_strays(path: Path) -> None:
    """Remove temporary files of `path` that a killed program left more than a day ago."""
    pattern = re.compile(re.escape(_stem(path)) + r"\.\d+-\d+\.tmp")
    with contextlib.suppress(OSError), os.scandir(path.parent) as entries:
        for entry in entries:
            if pattern.fullmatch(entry.name) and entry.is_file(follow_symlinks=False) \
                    and time.time() - entry.stat().st_mtime > STRAY_AGE:
                Path(entry.path).unlink()


@contextlib.contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """What the system says, as one sentence for the person who saves."""
    try:
        yield
    except OSError as error:
        raise FileError(_sentence(path, error)) from error


def _sentence(path: Path, error: OSError) -> str:
    number = error.errno
    if number in (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return f"There is not enough room on the disk for {path.name}; nothing was changed. Make room first."
    if isinstance(error, FileNotFoundError):
        return f"There is no folder {path.parent}. Make it first, or save elsewhere."
    if isinstance(error, IsADirectoryError):
        return f"{path} is a folder. Give the name of a file."
    if isinstance(error, NotADirectoryError):
        return f"{path.parent} is not a folder. Save elsewhere."
    if isinstance(error, PermissionError) or number == errno.EROFS:
        return f"{path} may not be written; nothing was changed. Save in a folder of your own."
    return f"{path} cannot be written ({error.strerror or error}); nothing was changed. Save elsewhere."


def _stem(real: Path) -> str:
    """How temporary files of a path begin; cut, so that a long name with its ending is still a name."""
    return "." + real.name.encode()[:120].decode(errors="ignore")


def _take_over(temporary: Path, old: os.stat_result) -> None:
    """Mode and, where it may, owner of the file that is replaced."""
    with contextlib.suppress(PermissionError):
        if hasattr(os, "chown") and (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
            os.chown(temporary, old.st_uid, old.st_gid)
    temporary.chmod(stat.S_IMODE(old.st_mode))


def _keep(real: Path) -> None:
    """Put the old version aside without a moment in which it is not there under its own name."""
    # A save must not fail because the version before it cannot be kept, on a full disk for example.
    with contextlib.suppress(OSError), _temporary(real) as aside:
        try:
            os.link(real, aside)
        except OSError:
            shutil.copyfile(real, aside)
        aside.replace(real.with_name(f"{real.stem}.bak{real.suffix}"))


def _replace(temporary: Path, real: Path) -> None:
    """Give the new file its name; where another program holds the old one for long, leave the new one beside it."""
    for _ in range(_TRIES):
        try:
            temporary.replace(real)
            return
        except PermissionError as error:
            if getattr(error, "winerror", None) not in _HELD:
                raise
        time.sleep(_PAUSE)
    left = real.with_name(f"{real.stem}.new{real.suffix}")
    temporary.replace(left)
    raise FileError(f"Another program holds {real.name}; the new version is in {left}. Close that program and save "
                    f"again.")


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, where folders can be synced (not on Windows)."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
