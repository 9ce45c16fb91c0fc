"""The one decorator of compiled functions, and where their machine code is kept between starts.

Importing this module sets Numba's cache folder, so it comes before the first `import numba` anywhere.
"""

import hashlib
import logging
import os
import platform
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from core.kernels.processor import LANES, processor_name

Function = TypeVar("Function", bound=Callable[..., Any])
_log = logging.getLogger(__name__)

# What a damaged cache file may raise while it is read; pickle promises nothing narrower.
_DAMAGED = (OSError, EOFError, ValueError, TypeError, LookupError, AttributeError, ImportError, MemoryError,
            ArithmeticError, RuntimeError)


def _stamp() -> str:
    """A name that changes with the kernels' sources, Python, Numba's version, the processor and the lane count."""
    from importlib.metadata import version

    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    details = [sys.version, version("numba"), version("llvmlite"), processor_name(), platform.machine(), str(LANES),
               os.environ.get("NUMBA_CPU_FEATURES", ""), os.environ.get("NUMBA_OPT", "")]
    digest.update("\n".join(details).encode())
    return digest.hexdigest()[:16]


def _is_ours(folder: Path) -> bool:
    """Whether the folder belongs to this user alone and can be written: cached code is executed when loaded."""
    details = folder.stat()
    if hasattr(os, "getuid") and (details.st_uid != os.getuid() or stat.S_IMODE(details.st_mode) & 0o022):
        return False
    with tempfile.TemporaryFile(dir=folder):
        return True


def _private_folder() -> Path:
    """The per-user folder of this stamp, or a temporary one where it cannot be written."""
    from platformdirs import user_cache_path

    given = os.environ.get("NUMBA_CACHE_DIR")
    name = _stamp()
    base = Path(given) if given else user_cache_path("guibuilder", appauthor=False) / "kernels"
    folder = base if base.name == name else base / name
    try:
        base.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        if _is_ours(folder):
            return folder
    except OSError:
        _log.info("The cache of compiled kernels at %s cannot be written.", folder)
    return Path(tempfile.mkdtemp(prefix="guibuilder-kernels-"))


CACHE_FOLDER = _private_folder()
os.environ["NUMBA_CACHE_DIR"] = str(CACHE_FOLDER)

import numba  # noqa: E402

_numba: Any = numba
_numba.config.CACHE_DIR = str(CACHE_FOLDER)
COMPILED = not _numba.config.DISABLE_JIT

# Not plain fastmath: that lets the compiler assume there is no NaN, and a check for NaN then answers "no" on NaN.
_FLAGS = {"contract", "reassoc"}


def empty_cache() -> None:
    """Delete the stored machine code of this version; everything is compiled again when it is next needed."""
    for entry in CACHE_FOLDER.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)


class _ForgivingCache:
    """Numba's cache of one function; damaged files are deleted once and the function is compiled again."""

    def __init__(self, cache: Any) -> None:
        self._cache = cache

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cache, name)

    def load_overload(self, signature: Any, target: Any) -> Any:
        try:
            return self._cache.load_overload(signature, target)
        except _damage():
            _log.warning("The cache of compiled kernels is damaged; compiling again.")
            empty_cache()
            return None

    def save_overload(self, signature: Any, data: Any) -> None:
        try:
            self._cache.save_overload(signature, data)
        except _damage():
            _log.info("A compiled kernel could not be kept for the next start.")


def _damage() -> tuple[type[Exception], ...]:
    """What reading a damaged cache may raise."""
    from pickle import PickleError

    return (*_DAMAGED, PickleError)


def kernel(function: Function) -> Function:
    """Compile a function at its first call, without the interpreter lock, and keep the machine code on disk."""
    compiled = _numba.njit(nogil=True, cache=True, error_model="numpy", fastmath=_FLAGS)(function)
    if COMPILED:
        compiled._cache = _ForgivingCache(compiled._cache)
    made: Function = compiled
    return made


def helper(function: Function) -> Function:
    """A small function for kernels; the compiler puts it into their loops."""
    made: Function = _numba.njit(error_model="numpy", fastmath=_FLAGS)(function)
    return made


def part(function: Function) -> Function:
    """A piece of a kernel, pasted into it before it is compiled: it costs no compilation of its own."""
    made: Function = _numba.njit(inline="always", error_model="numpy", fastmath=_FLAGS)(function)
    return made
