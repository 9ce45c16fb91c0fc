"""Published data sets by name: fetched once, checked by hash, read from the cache ever after."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from core.data.download import Progress, RemoteFile, cache_folder, fetch, is_right, is_there
from core.data.raw import Raw
from core.data.sources.cifar import CIFAR10, load_cifar
from core.data.sources.idx import load_idx
from core.errors import FileError

IDX_NAMES = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz",
             "t10k-labels-idx1-ubyte.gz")


@dataclass(frozen=True)
class KnownSet:
    """A published data set: what is in it, where its files are, and whom to thank."""

    name: str
    title: str
    shape: tuple[int, int, int]
    classes: tuple[str, ...]
    train: int
    test: int
    files: tuple[RemoteFile, ...]
    mirrors: tuple[str, ...]
    source: str
    licence: str

    @property
    def folder(self) -> Path:
        """Where its files are kept."""
        return cache_folder(self.name)

    @property
    def available(self) -> bool:
        """Whether all its files seem to be in the cache."""
        return all(is_there(file, self.folder) for file in self.files)


def _idx(*files: tuple[int, str]) -> tuple[RemoteFile, ...]:
    return tuple(RemoteFile(name, size, sha256) for name, (size, sha256) in zip(IDX_NAMES, files, strict=True))


MNIST = KnownSet(
    "mnist", "MNIST digits", (1, 28, 28), tuple("0123456789"), 60_000, 10_000,
    _idx((9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
         (28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
         (1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
         (4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6")),
    ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"),
    "Y. LeCun, C. Cortes and C. Burges, The MNIST database of handwritten digits (1998)", "CC BY-SA 3.0")

FASHION = KnownSet(
    "fashion-mnist", "Fashion-MNIST clothes", (1, 28, 28),
    ("T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"),
    60_000, 10_000,
    _idx((26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
         (29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
         (4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
         (5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5")),
    ("https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
     "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"),
    "H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST (2017), arxiv.org/abs/1708.07747", "MIT")

KMNIST = KnownSet(
    "kmnist", "Kuzushiji-MNIST characters", (1, 28, 28),
    ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"), 60_000, 10_000,
    _idx((18_165_135, "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4"),
         (29_497, "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17"),
         (3_041_136, "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5"),
         (5_120, "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c")),
    ("https://codh.rois.ac.jp/kmnist/dataset/kmnist/", "http://codh.rois.ac.jp/kmnist/dataset/kmnist/"),
    "T. Clanuwat and others, Deep Learning for Classical Japanese Literature (2018); KMNIST dataset (created by CODH)",
    "CC BY-SA 4.0")

CIFAR = KnownSet(
    "cifar10", "CIFAR-10 photographs", (3, 32, 32), CIFAR10, 50_000, 10_000,
    (RemoteFile("cifar-10-binary.tar.gz", 170_052_171,
                "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"),),
    ("https://www.cs.toronto.edu/~kriz/", "https://cave.cs.toronto.edu/kriz/"),
    "A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images (2009)", "no licence stated; cite the report")

KNOWN = {known.name: known for known in (MNIST, FASHION, KMNIST, CIFAR)}


def get(known: KnownSet, progress: Progress | None = None) -> None:
    """Make sure that all files are in the cache and are the published ones."""
    for file in known.files:
        if is_right(file, known.folder):
            continue
        try:
            fetch(file, known.mirrors, known.folder, progress)
        except FileError as error:
            reason = error.message
            raise FileError(_how_else(known, reason)) from None


def load_known(known: KnownSet, progress: Progress | None = None) -> Raw:
    """The pictures of a published set, fetched first where they are not in the cache."""
    get(known, progress)
    raw = load_cifar(known.folder / known.files[0].name) if known is CIFAR else load_idx(known.folder)
    return dataclasses.replace(raw, title=known.title, classes=known.classes, source=known.source,
                               licence=known.licence)


def _how_else(known: KnownSet, reason: str) -> str:
    """One sentence for somebody without a connection: what failed and which files to open instead."""
    names = ", ".join(file.name for file in known.files)
    place = "open that file" if len(known.files) == 1 else "open the folder that holds them"
    return (f"{known.title} could not be downloaded ({reason.rstrip('.')}). Try again with a connection, or get "
            f"{names} from elsewhere and {place}.")
