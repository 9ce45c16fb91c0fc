"""The one decorator of compiled functions, and where their machine code is kept between starts.

Importing this module sets Numba's cache folder, so it comes before the first `import numba` anywhere.
"""

import atexit
import contextlib
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

from core.kernels.calls import Helper, Kernel
from core.kernels.processor import LANES, processor_name
from core.version import VERSION

Function = TypeVar("Function", bound=Callable[..., Any])
_log = logging.getLogger(__name__)

# What a damaged cache file may raise while it is read; pickle promises nothing narrower.
_DAMAGED = (OSError, EOFError, ValueError, TypeError, LookupError, AttributeError, ImportError, MemoryError,
            ArithmeticError, RuntimeError)


def _stamp() -> str:
    """A name that changes with the kernels' sources, Python, Numba's version, the processor and the lane count.

    All sources count, for a kernel is made by the generators of other files. A packed program may hold none: there its
    version and its own file count.
    """
    from importlib.metadata import version

    digest = hashlib.sha256()
    sources = sorted(Path(__file__).parent.glob("*.py"))
    for path in sources:
        digest.update(path.read_bytes())
    details = [] if sources else [VERSION, str(Path(sys.executable).stat())]
    details += [sys.version, version("numba"), version("llvmlite"), processor_name(), platform.machine(), str(LANES),
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


def _private_folder() -> Path | None:
    """The per-user folder of this stamp, or one for this start alone where it cannot be written."""
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
        pass
    _log.info("The cache of compiled kernels at %s cannot be used.", folder)
    return _passing_folder()


_PASSING = "guibuilder-kernels-"


def _passing_folder() -> Path | None:
    """A folder for this start alone; None where not even that can be had."""
    try:
        folder = tempfile.mkdtemp(prefix=_PASSING)
    except OSError:
        return None
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


CACHE_FOLDER = _private_folder()
# Whether other processes of ours find what this one keeps.
CACHE_IS_SHARED = CACHE_FOLDER is not None and not CACHE_FOLDER.name.startswith(_PASSING)
if CACHE_FOLDER is not None:
    os.environ["NUMBA_CACHE_DIR"] = str(CACHE_FOLDER)
# Numba paints what it might have to say, should a kernel not compile; that takes a fortieth of the time of compiling.
os.environ.setdefault("NUMBA_DISABLE_ERROR_MESSAGE_HIGHLIGHTING", "1")

import numba  # noqa: E402
from numba.core.caching import FunctionCache, _CacheLocator  # noqa: E402

_numba: Any = numba
_numba.config.CACHE_DIR = str(CACHE_FOLDER or "")
COMPILED = not _numba.config.DISABLE_JIT

# Of no use where nobody calls by address and nothing makes arrays; without them compiling takes a tenth less time.
_LEFT_OUT: dict[str, bool] = {"no_cfunc_wrapper": True, "_nrt": False}

# Not plain fastmath: that lets the compiler assume there is no NaN, and a check for NaN then answers "no" on NaN.
_FLAGS = {"contract", "reassoc"}


def empty_cache() -> None:
    """Delete the stored machine code of this version; everything is compiled again when it is next needed."""
    with contextlib.suppress(OSError):
        for entry in CACHE_FOLDER.iterdir() if CACHE_FOLDER is not None else ():
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)


class _Locator(_CacheLocator):
    """Where Numba keeps one function: in the folder of the stamp, under its name and line.

    Numba's own locators want the source file, which a packed program has not, and hang on the folder it lies in.
    """

    def __init__(self, line: int, path: Path) -> None:
        self._line, self._path = line, path

    def get_cache_path(self) -> str:
        return str(CACHE_FOLDER)

    def get_source_stamp(self) -> str:
        return hashlib.sha256(self._path.read_bytes()).hexdigest() if self._path.is_file() else "packed"

    def get_disambiguator(self) -> str:
        return str(self._line)

    @classmethod
    def from_function(cls, function: Any, path: str) -> "_Locator":
        return cls(function.__code__.co_firstlineno, Path(path))


class _Cache(FunctionCache):
    """Numba's cache of one function, at our place."""

    _impl_class: Any = type("_Entries", (FunctionCache._impl_class,), {"_locator_classes": (_Locator,)})


class _ForgivingCache:
    """Numba's cache of one function; damaged files are deleted once and the function is compiled again."""

    def __init__(self, cache: Any) -> None:
        self._cache = cache

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cache, name)

    def holds(self, signature: Any, target: Any) -> bool:
        """Whether there is a file for that signature, be it whole or not."""
        try:
            return self._cache._index_key(signature, target.codegen()) in self._cache._cache_file._load_index()
        except _damage():
            return False

    def load_overload(self, signature: Any, target: Any) -> Any:
        try:
            return _without_source(self._cache.load_overload(signature, target))
        except _damage():
            _log.warning("The cache of compiled kernels is damaged; compiling again.")
            empty_cache()
            return None

    def save_overload(self, signature: Any, data: Any) -> None:
        try:
            self._cache.save_overload(signature, data)
        except _damage():
            _log.info("A compiled kernel could not be kept for the next start.")


def _without_source(found: Any) -> Any:
    """A kernel from disk without its LLVM code, which only a kernel that calls it would need to be compiled.

    None does; it would take a fifth of a megabyte for each.
    """
    library: Any = getattr(found, "library", None)
    if hasattr(library, "_shared_module"):
        library._shared_module = None
    return found


def _damage() -> tuple[type[Exception], ...]:
    """What reading a damaged cache may raise."""
    from pickle import PickleError

    return (*_DAMAGED, PickleError)


def is_kept(compiled: Any, signature: Any) -> bool:
    """Whether the machine code of a compiled function for that signature lies on disk."""
    cache = compiled._cache
    return isinstance(cache, _ForgivingCache) and cache.holds(signature, compiled.targetctx)


def is_new() -> bool:
    """Whether nothing was ever compiled by this version of the program."""
    return CACHE_FOLDER is not None and next(CACHE_FOLDER.glob("*.nbi"), None) is None


def get_ready() -> None:
    """Load what Numba needs to compile anything."""
    _numba.njit(_nothing).compile(())


def _nothing() -> None:
    """What is compiled in a moment."""


def kernel(function: Function) -> Function:
    """Compile a function at its first call, without the interpreter lock, and keep the machine code on disk."""
    compiled = _numba.njit(nogil=True, error_model="numpy", fastmath=_FLAGS, **_LEFT_OUT)(function)
    if not COMPILED:
        return function
    if CACHE_FOLDER is not None:
        compiled._cache = _ForgivingCache(_Cache(function))
    made: Any = Kernel(function, compiled)
    return made  # type: ignore[no-any-return]


def helper(function: Function) -> Function:
    """A small function for kernels; the compiler puts it into their loops."""
    made = _numba.njit(error_model="numpy", fastmath=_FLAGS, no_cpython_wrapper=True, **_LEFT_OUT)(function)
    given: Any = Helper(made) if COMPILED else function
    return given  # type: ignore[no-any-return]


def part(function: Function) -> Function:
    """A piece of a kernel, pasted into it before it is compiled: it costs no compilation of its own."""
    made: Function = _numba.njit(inline="always", error_model="numpy", fastmath=_FLAGS)(function)
    return made
