"""CIFAR-10's and CIFAR-100's "binary version": a gzipped tar archive of plain records."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np

from core.data.dataset import Array
from core.data.raw import Part, Raw
from core.data.sources.binary import ByteStream, open_bytes
from core.errors import DataError, FileError

SHAPE = (3, 32, 32)
PIXELS = 3 * 32 * 32
BLOCK = 512
MOST_MEMBERS = 200
MOST_BYTES = 400_000_000
CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
# Which part a file of the archive belongs to; every other file is passed over.
TRAINING = (*(f"data_batch_{number}.bin" for number in range(1, 6)), "train.bin")
TEST = ("test_batch.bin", "test.bin")
NAMES = ("batches.meta.txt", "fine_label_names.txt")


def load_cifar(path: Path) -> Raw:
    """The pictures of the archive, N×3×32×32 uint8, planes red, green, blue.

    A record is one label byte (CIFAR-100: a coarse one, then the fine one) and 3,072 pixels. Nothing is written to
    the disk, and nothing but the known names is kept.
    """
    found: dict[str, bytes] = {}
    with open_bytes(path) as stream:
        for name, size in _members(stream, path):
            content = stream.read(-(-size // BLOCK) * BLOCK)
            if len(content) < size:
                raise FileError(f"{path.name} is cut short inside {name}. Fetch or copy it again.")
            if name in (*TRAINING, *TEST, *NAMES):
                found[name] = content[:size]
    parts = {name: content for name, content in found.items() if name not in NAMES}
    train = [_records(parts[name], name) for name in TRAINING if name in parts]
    test = [_records(parts[name], name) for name in TEST if name in parts]
    if not train:
        raise FileError(f"{path.name} has no data_batch_1.bin. The binary version of CIFAR is read "
                        "(cifar-10-binary.tar.gz), not the Python or Matlab one.")
    classes = _classes(found, "train.bin" in parts)
    return Raw(f"Pictures in {path.name}", _join(train, len(classes)), _join(test, len(classes)) if test else None,
               classes=classes)


def _members(stream: ByteStream, path: Path) -> Iterator[tuple[str, int]]:
    """Name (without folders) and size of each plain file of a tar archive; the caller reads its blocks.

    The layout is POSIX ustar: a block of 512 bytes with the name first, the size in octal from byte 124, the type at
    byte 156; then the content, filled up to whole blocks. Sizes are limited before anything is read.
    """
    total = 0
    for _ in range(MOST_MEMBERS):
        header = stream.read(BLOCK)
        if len(header) < BLOCK or not header.strip(b"\0"):
            return
        size = _octal(header[124:136])
        # The checksum counts its own eight bytes as blanks.
        if size < 0 or _octal(header[148:156]) != sum(header) - sum(header[148:156]) + 8 * ord(" "):
            raise FileError(f"{path.name} is not a tar archive, or damaged; CIFAR's binary version is expected.")
        total += size
        if total > MOST_BYTES:
            raise FileError(f"{path.name} holds more than {MOST_BYTES / 1e6:.0f} MB; CIFAR has 184 MB.")
        plain = header[156:157] in (b"0", b"\0")
        name = header[:100].split(b"\0")[0].decode("utf-8", "replace")
        yield (PurePosixPath(name).name if plain else ""), size
    raise FileError(f"{path.name} holds more than {MOST_MEMBERS} files; CIFAR's binary version has 8.")


def _octal(field: bytes) -> int:
    """A number of a tar header, −1 where it is none."""
    try:
        return int(field.strip(b"\0 ") or b"0", 8)
    except ValueError:
        return -1


def _records(content: bytes, name: str) -> tuple[Array, Array]:
    labels = 2 if name in ("train.bin", "test.bin") else 1
    if not content or len(content) % (labels + PIXELS):
        raise FileError(f"{name} has {len(content):,} bytes; CIFAR's records have {labels + PIXELS:,} each.")
    records = np.frombuffer(content, np.uint8).reshape(-1, labels + PIXELS)
    return records[:, labels:].reshape(-1, *SHAPE), records[:, labels - 1].astype(np.int64)


def _classes(found: dict[str, bytes], hundred: bool) -> tuple[str, ...]:
    text = found.get(NAMES[1] if hundred else NAMES[0], b"").decode("utf-8", "replace")
    names = tuple(line.strip() for line in text.splitlines() if line.strip())
    if hundred:
        return names if len(names) == 100 else tuple(str(number) for number in range(100))
    return names if len(names) == 10 else CIFAR10


def _join(pieces: list[tuple[Array, Array]], classes: int) -> Part:
    labels = np.concatenate([y for _, y in pieces])
    if labels.max() >= classes:
        raise DataError(f"A label is {labels.max()}, but CIFAR's classes are numbered from 0 to {classes - 1}.")
    return Part(np.concatenate([x for x, _ in pieces]), labels)
