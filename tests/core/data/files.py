"""Data files for the tests, made on the spot: good ones, and every lie that a hostile one may tell."""

import gzip
import io
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np


def idx_bytes(array, kind=8, shape=None):
    """An IDX file of unsigned bytes; `kind` and `shape` may lie."""
    shape = array.shape if shape is None else shape
    return bytes((0, 0, kind, len(shape))) + struct.pack(f">{len(shape)}I", *shape) + array.tobytes()


def idx_folder(folder, train=12, test=6, side=5, packed=True, seed=0):
    """A folder with MNIST's four names (two when `test` is 0); gives the arrays that were written."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(seed)
    written = []
    for stem, count in (("train", train), ("t10k", test)):
        if not count:
            continue
        x = chance.integers(0, 256, (count, side, side), dtype=np.uint8)
        y = (np.arange(count) % 3).astype(np.uint8)
        for name, array in ((f"{stem}-images-idx3-ubyte", x), (f"{stem}-labels-idx1-ubyte", y)):
            content = idx_bytes(array)
            if packed:
                (folder / (name + ".gz")).write_bytes(gzip.compress(content))
            else:
                (folder / name).write_bytes(content)
        written += [x, y]
    return written


def npy_bytes(shape, dtype="|u1", body=b"", fortran=False):
    """A .npy member with any header over any bytes."""
    header = f"{{'descr': {dtype!r}, 'fortran_order': {fortran}, 'shape': {shape!r}, }}".encode()
    header += b" " * (63 - (10 + len(header)) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + body


def npz_file(path, members, compression=zipfile.ZIP_DEFLATED):
    """An archive of ready-made members: (name, bytes) pairs."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def cifar_records(labels, seed=0):
    """Records of CIFAR-10's binary version, and the pixels N×3×32×32 in them."""
    pixels = np.random.default_rng(seed).integers(0, 256, (len(labels), 3072), dtype=np.uint8)
    records = np.concatenate([np.asarray(labels, np.uint8)[:, None], pixels], axis=1)
    return records.tobytes(), pixels.reshape(-1, 3, 32, 32)


def tar_file(path, members):
    """A gzipped tar archive; members are (name, bytes) or ready-made TarInfo with bytes."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            if not isinstance(name, tarfile.TarInfo):
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content) if content is not None else None)
    return path


def picture_file(path, pixels):
    """A picture from an array H×W or H×W×C, by Pillow."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def bomb_picture(path: Path, width=60_000, height=60_000):
    """A PNG of few bytes that says it is enormous; its checksums are right."""
    import zlib

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b""))
    return path
