"""Files fetched once into the user's cache, each known by its hash before it is asked for."""

import functools
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import FileError

CACHE_VARIABLE = "GUIBUILDER_CACHE"
TIMEOUT_SECONDS = 20

# Called with the file's name, the bytes fetched and the bytes in all.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class RemoteFile:
    """A published file: its name, its length in bytes and the SHA-256 of its content."""

    name: str
    size: int
    sha256: str


def cache_folder(name: str) -> Path:
    """Where the files of one data set are kept, in the user's cache folder; GUIBUILDER_CACHE names another place."""
    if os.environ.get(CACHE_VARIABLE):
        return Path(os.environ[CACHE_VARIABLE]) / "data" / name
    from platformdirs import user_cache_path

    return user_cache_path("guibuilder", appauthor=False) / "data" / name


def is_there(file: RemoteFile, folder: Path) -> bool:
    """Whether a file of the right length lies in the cache; a quick look that does not read it."""
    try:
        return (folder / file.name).stat().st_size == file.size
    except OSError:
        return False


def is_right(file: RemoteFile, folder: Path) -> bool:
    """Whether the file in the cache is the published one, by its hash."""
    if not is_there(file, folder):
        return False
    return _sha256(folder / file.name, (folder / file.name).stat().st_mtime_ns) == file.sha256


def fetch(file: RemoteFile, mirrors: tuple[str, ...], folder: Path, progress: Progress | None = None) -> None:
    """Fetch one file from the first mirror that gives the right content; a wrong one never stays in the cache."""
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")
    reasons = []
    for mirror in mirrors:
        # Without this header some servers unpack .gz files on the way, and the hash no longer fits.
        downloader = pooch.HTTPDownloader(progressbar=_Bar(file, progress), timeout=TIMEOUT_SECONDS,
                                          headers={"Accept-Encoding": "identity"})
        try:
            pooch.retrieve(mirror + file.name, f"sha256:{file.sha256}", file.name, folder, downloader=downloader)
            return
        except requests.exceptions.SSLError:
            reasons.append("the connection is not trusted; where a school or firm has its own certificate, name it in "
                           "REQUESTS_CA_BUNDLE")
        except requests.exceptions.HTTPError as error:
            reasons.append("the server does not have the file" if error.response is None else
                           f"the server answered {error.response.status_code}")
        except requests.exceptions.RequestException:
            reasons.append("no connection")
        except ValueError:
            reasons.append("what came was not the published file")
        except OSError as error:
            raise FileError(f"{file.name} cannot be kept in {folder}: {error.strerror or error}.") from None
    raise FileError("; ".join(dict.fromkeys(reasons)))


class _Bar:
    """What pooch reports to while it fetches; stops a file that is longer than it can be."""

    def __init__(self, file: RemoteFile, progress: Progress | None) -> None:
        self._file, self._progress = file, progress
        self._done = 0
        self.total = 0

    def update(self, count: int) -> None:
        # The last piece counts as a whole one; a real file cannot be longer than its pieces rounded up.
        if self._done > self._file.size:
            raise ValueError("longer than published")
        self._done += count
        if self._progress is not None:
            self._progress(self._file.name, min(self._done, self._file.size), self._file.size)

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        """Nothing to tidy up."""


@functools.lru_cache(maxsize=32)
def _sha256(path: Path, _changed: int) -> str:
    """The hash of a file; the time of its last change is in the key, so that a changed file is read again."""
    with path.open("rb") as stream:
        found: Any = hashlib.file_digest(stream, "sha256")
    return str(found.hexdigest())
