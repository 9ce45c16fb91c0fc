"""Data sets that the worker has loaded already, so that looking, training and measuring load each only once."""

from pathlib import Path

from core.data.dataset import Dataset
from core.data.download import Progress
from core.data.load import describe, load

MOST_KEPT = 3
MOST_BYTES = 1_000_000_000


class Library:
    """Loads like `core.data.load.load`, and remembers the last few."""

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], Dataset] = {}

    def load(self, name_or_path: str, *, seed: int = 0, progress: Progress | None = None) -> Dataset:
        """A data set; a file or folder that has changed since is loaded anew."""
        key = (name_or_path, seed, _changed(name_or_path))
        dataset = self._kept.pop(key, None)
        if dataset is None:
            dataset = load(name_or_path, seed=seed, progress=progress)
        self._kept[key] = dataset
        while len(self._kept) > 1 and (len(self._kept) > MOST_KEPT or self._bytes() > MOST_BYTES):
            self._kept.pop(next(iter(self._kept)))
        return dataset

    def _bytes(self) -> int:
        return sum(dataset.train_x.nbytes + dataset.test_x.nbytes for dataset in self._kept.values())


def at_hand(source: str) -> bool:
    """Whether a data set can be loaded without a download."""
    return all(each.available for each in describe() if each.name == source)


def _changed(name_or_path: str) -> tuple[int, ...]:
    """When a file, or a folder and what lies in it, was last changed; nothing for a name."""
    path = Path(name_or_path).expanduser()
    try:
        if not path.exists():
            return ()
        inside = sorted(path.iterdir()) if path.is_dir() else []
        return tuple(each.stat().st_mtime_ns for each in (path, *inside))
    except OSError:
        return ()
