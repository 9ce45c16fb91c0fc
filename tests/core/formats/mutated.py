"""Damaged files of every kind through their readers, in a process of its own: python -m tests.core.formats.mutated.

Prints what went wrong as JSON lines: anything but a result or a sentence, more than ten seconds, a gigabyte and more.
"""

import gzip
import io
import json
import struct
import sys
import tarfile
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from core.data.load import load
from core.data.pictures import read_picture
from core.errors import CoreError
from core.formats import open_file
from core.formats.network_json import network_to_text
from core.formats.onnx import to_onnx
from core.formats.weights_files import to_safetensors
from core.formats.weights_into import weights_into
from core.project import Project, complete_weights
from tests.core.formats.hostile import PROJECT, good_members, zipped
from tests.core.networks import every_layer, small_cnn

SECONDS, MEMORY = 10.0, 1 << 30
_EXTREMES = (0, 1, 0x7F, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 2**40, 2**63 - 1, 2**64 - 1)
_WEIGHTS = complete_weights(PROJECT)


def _saved(write):
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


def _idx(pictures):
    shape = pictures.shape
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, 8, len(shape), *shape) + pictures.tobytes()


def _cifar():
    rows = np.random.default_rng(0).integers(0, 256, (4, 3073), dtype=np.uint8)
    rows[:, 0] %= 10
    names = [*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"]

    def write(buffer):
        with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
            for name in names:
                member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
                member.size = rows.nbytes
                archive.addfile(member, io.BytesIO(rows.tobytes()))

    return _saved(write)


def _idx_folder(folder, changed):
    """MNIST's four names; the training pictures are the changed ones."""
    pictures, labels = np.zeros((12, 6, 6), np.uint8), np.arange(12, dtype=np.uint8) % 3
    for name, content in (("train-labels-idx1-ubyte", _idx(labels)), ("t10k-images-idx3-ubyte", _idx(pictures)),
                          ("t10k-labels-idx1-ubyte", _idx(labels)), ("train-images-idx3-ubyte", changed)):
        (folder / name).write_bytes(content)
    return load(folder)


def _zipped_idx_folder(folder, changed):
    for name in ("train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"):
        (folder / name).write_bytes(_idx(np.arange(12, dtype=np.uint8) % 3))
    (folder / "t10k-images-idx3-ubyte").write_bytes(_idx(np.zeros((12, 6, 6), np.uint8)))
    (folder / "train-images-idx3-ubyte.gz").write_bytes(changed)
    return load(folder)


def _file(name, read):
    def use(folder, content):
        path = folder / name
        path.write_bytes(content)
        return read(path)

    return use


def kinds():
    """{kind: (a good file, how it is read)}."""
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (12, 6, 6), dtype=np.uint8)
    labels = np.arange(12) % 3
    table = "label," + ",".join(f"p{number}" for number in range(16)) + "\n" + "\n".join(
        ",".join(map(str, [row % 3, *random.integers(0, 256, 16)])) for row in range(9))
    weights = {name: np.asarray(array) for name, array in _WEIGHTS.items()}
    return {
        "gbnet": (zipped(good_members().items()), _file("a.gbnet", open_file)),
        "json": (network_to_text(every_layer()).encode(), _file("a.json", open_file)),
        "onnx": (to_onnx(Project(small_cnn())), _file("a.onnx", open_file)),
        "safetensors": (to_safetensors(weights), _file("a.safetensors", lambda path: weights_into(PROJECT, path))),
        "npz weights": (_saved(lambda buffer: np.savez(buffer, **weights)),
                        _file("a.npz", lambda path: weights_into(PROJECT, path))),
        "npz pictures": (_saved(lambda buffer: np.savez_compressed(
            buffer, x_train=pictures, y_train=labels, x_test=pictures, y_test=labels)), _file("a.npz", load)),
        "idx": (_idx(pictures), _idx_folder),
        "idx.gz": (gzip.compress(_idx(pictures)), _zipped_idx_folder),
        "csv": (table.encode(), _file("a.csv", load)),
        "cifar": (_cifar(), _file("cifar-10-binary.tar.gz", load)),
        "png": (_saved(lambda buffer: Image.fromarray(pictures[0]).save(buffer, "PNG")),
                _file("a.png", read_picture)),
    }


def damaged(good, random):
    """A copy with one to four wounds: bytes changed, numbers made extreme, parts cut out, doubled or moved."""
    data = bytearray(good)
    for _ in range(random.integers(1, 5)):
        # The heads of files decide most, so they are hit more often.
        place = int(random.integers(0, max(1, min(len(data), random.choice([32, 256, 2048, len(data) + 1])))))
        length = int(random.integers(1, 1 + random.choice([1, 8, 300])))
        match random.integers(0, 6):
            case 0:
                data[place:place + 1] = bytes([random.integers(0, 256)])
            case 1:
                extreme = int(random.choice(np.array(_EXTREMES, np.uint64)))
                order = "little" if random.integers(0, 2) else "big"
                width = int(random.choice([1, 2, 4, 8]))
                data[place:place + width] = (extreme % 256**width).to_bytes(width, order)
            case 2:
                del data[place:place + length]
            case 3:
                data[place:place] = data[place:place + length]
            case 4:
                data[place:place] = random.bytes(length)
            case _:
                del data[max(1, place):]
    return bytes(data)


def trouble_with(use, content):
    """What is wrong with how a reader takes a file; nothing where it gives a result or one sentence."""
    with tempfile.TemporaryDirectory() as name:
        start = time.perf_counter()
        try:
            use(Path(name), content)
        except CoreError as error:
            if "\n" in error.message or not 10 < len(error.message) < 600:
                return f"not one sentence: {error.message!r}"
        except BaseException as error:  # noqa: BLE001 - whatever comes out is what is looked for
            return f"{type(error).__name__}: {error}"
        seconds = time.perf_counter() - start
        return f"{seconds:.1f} seconds" if seconds > SECONDS else ""


def peak_memory():
    """The most bytes this process held so far; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024)


def main(seed, each):
    """Damage every kind of file `each` times."""
    warnings.simplefilter("ignore")
    count, before = 0, peak_memory()
    for kind, (good, use) in kinds().items():
        found = trouble_with(use, good)
        assert not found, f"the good {kind}: {found}"
        for number in range(each):
            content = damaged(good, np.random.default_rng([seed, number, len(kind)]))
            if found := trouble_with(use, content):
                print(json.dumps({"kind": kind, "number": number, "trouble": found}), flush=True)
            if peak_memory() - before > MEMORY:
                print(json.dumps({"kind": kind, "number": number, "trouble": "more than a gigabyte"}), flush=True)
                return
            count += 1
    print(json.dumps({"done": count, "memory": peak_memory() - before}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
