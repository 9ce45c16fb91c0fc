"""The one way in: a data set by name or by path, whatever kind of file it is."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.data.dataset import Dataset
from core.data.download import Progress
from core.data.raw import Raw, finish
from core.data.silhouettes import SILHOUETTES
from core.data.sources import digits, known, shapes
from core.data.sources.cifar import load_cifar
from core.data.sources.csv_file import load_csv
from core.data.sources.folder import is_picture_folder, load_folder
from core.data.sources.idx import has_idx, load_idx
from core.data.sources.npz import load_npz
from core.errors import FileError, UsageError

__all__ = ["DatasetInfo", "describe", "get", "load", "names"]

DIGITS = {"digits": (digits.TITLE, (1, 8, 8), digits.load_digits),
          "digits28": (digits.TITLE_28, (1, digits.FRAME, digits.FRAME), digits.load_digits28)}
KINDS = ("a folder of IDX files (MNIST's four names), a folder with one sub-folder of pictures per class, .npz, .csv "
         "or CIFAR's binary .tar.gz")


@dataclass(frozen=True)
class DatasetInfo:
    """What can be said of a named data set before loading it; `available` means without a download."""

    name: str
    title: str
    shape: tuple[int, ...]
    classes: tuple[str, ...]
    train: int
    test: int
    available: bool
    source: str
    licence: str


def names() -> tuple[str, ...]:
    """The names of all data sets that come with a name."""
    return (*DIGITS, shapes.NAME, *known.KNOWN)


def describe() -> list[DatasetInfo]:
    """Every named data set, built-in ones first."""
    found = [DatasetInfo(name, title, shape, tuple("0123456789"), digits.TRAINING, digits.TOTAL - digits.TRAINING,
                         True, digits.SOURCE, digits.LICENCE) for name, (title, shape, _) in DIGITS.items()]
    plain = shapes.ShapesOptions()
    found.append(DatasetInfo(shapes.NAME, "Drawn shapes", (1, plain.size, plain.size), tuple(SILHOUETTES), plain.train,
                             plain.test, True, "drawn by guibuilder", "free of rights"))
    return found + [DatasetInfo(each.name, each.title, each.shape, each.classes, each.train, each.test, each.available,
                                each.source, each.licence) for each in known.KNOWN.values()]


def get(name: str, progress: Progress | None = None) -> None:
    """Fetch a published data set into the cache; nothing to do for the built-in ones."""
    if name in known.KNOWN:
        known.get(known.KNOWN[name], progress)
    elif name not in DIGITS and not shapes.is_shapes(name):
        raise UsageError(f"There is no data set called {name!r}.{_meant(name)} Known are {', '.join(names())}.")


def load(name_or_path: str | Path, *, seed: int = 0, progress: Progress | None = None) -> Dataset:
    """A data set, checked: by name (fetched where needed), or from a file or folder of any known kind.

    Names come first; `./digits` means a folder of that name. `seed` draws shapes and chooses a missing test part.
    """
    name = str(name_or_path)
    if name in DIGITS:
        raw = DIGITS[name][2]()
    elif shapes.is_shapes(name):
        raw = shapes.load_shapes(shapes.parse(name), seed)
    elif name in known.KNOWN:
        raw = known.load_known(known.KNOWN[name], progress)
    else:
        raw = _load_path(Path(name_or_path).expanduser(), name)
    return finish(name, raw, seed)


def _load_path(path: Path, name: str) -> Raw:
    try:
        if path.is_dir():
            return _folder_reader(path)(path)
        if not path.exists():
            raise FileError(f"There is no data set, file or folder {name!r}.{_meant(name)} Named data sets are "
                            f"{', '.join(names())}.")
    except (OSError, ValueError) as error:
        raise FileError(f"{name!r} cannot be opened: {getattr(error, 'strerror', None) or error}.") from None
    return _file_reader(path)(path)


def _folder_reader(path: Path) -> Callable[[Path], Raw]:
    if has_idx(path):
        return load_idx
    if is_picture_folder(path):
        return load_folder
    raise FileError(f"The folder {path.name} holds no data that can be read. Data is {KINDS}.")


def _file_reader(path: Path) -> Callable[[Path], Raw]:
    lower = path.name.lower()
    if lower.endswith(".npz"):
        return load_npz
    if lower.endswith((".csv", ".tsv", ".txt")):
        return load_csv
    if lower.endswith((".tar.gz", ".tgz")):
        return load_cifar
    if "-ubyte" in lower:
        raise FileError(f"{path.name} is one file of an IDX set; open the folder that holds its files.")
    raise FileError(f"{path.name} is of no kind that can be read as data. Data is {KINDS}.")


def _meant(name: str) -> str:
    close = difflib.get_close_matches(name, names(), 1)
    return f" Did you mean {close[0]}?" if close else ""
