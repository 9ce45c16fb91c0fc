"""NumPy archives: layouts understood and said, headers checked before anything is loaded."""

import pickle
import tracemalloc
import zipfile

import numpy as np
import pytest

from core.data.raw import finish
from core.data.sources.npz import load_npz, to_channels_first
from core.errors import CoreError, DataError, FileError
from tests.core.data.files import npy_bytes, npz_file

X = np.random.default_rng(0).integers(0, 256, (12, 6, 5), dtype=np.uint8)
Y = np.arange(12) % 3


def save(tmp_path, **arrays):
    np.savez_compressed(tmp_path / "a.npz", **arrays)
    return tmp_path / "a.npz"


def test_both_parts(tmp_path):
    path = save(tmp_path, x_train=X, y_train=Y, x_test=X[:4], y_test=Y[:4], other=np.zeros(3))
    data = finish("x", load_npz(path), 0)
    assert np.array_equal(data.train_x[:, 0], X)
    assert np.array_equal(data.test_x[:, 0], X[:4])
    assert (data.shape, data.classes, data.scale, data.notes) == ((1, 6, 5), ("0", "1", "2"), 1 / 255, ())


def test_names_of_classes(tmp_path):
    named = save(tmp_path, x_train=X, y_train=Y, classes=np.array(["ant", "bee", "cow"]))
    assert load_npz(named).classes == ("ant", "bee", "cow")
    words = save(tmp_path, x_train=X, y_train=np.array(["cow", "ant"] * 6))
    raw = load_npz(words)
    assert raw.classes == ("ant", "cow")
    assert raw.train.y.tolist() == [1, 0] * 6
    both = save(tmp_path, x_train=X, y_train=np.array(["cow", "ant"] * 6), x_test=X[:2],
                y_test=np.array(["bee", "cow"]))
    raw = load_npz(both)
    assert (raw.classes, raw.test.y.tolist()) == (("ant", "bee", "cow"), [1, 2])
    swapped = save(tmp_path, x_train=X, y_train=np.array(["ü", "ant"] * 6, ">U4"))
    assert load_npz(swapped).classes == ("ant", "ü")


def test_labels_as_a_column_and_as_floats(tmp_path):
    raw = load_npz(save(tmp_path, x_train=X, y_train=Y[:, None].astype(np.float32)))
    assert raw.train.y.tolist() == Y.tolist()


def test_other_orders_of_bytes_and_axes(tmp_path):
    raw = load_npz(save(tmp_path, x_train=np.asfortranarray(X.astype(">f4")), y_train=Y.astype(">i8")))
    assert np.array_equal(raw.train.x[:, 0], X)


@pytest.mark.parametrize(("shape", "read", "words"), [
    ((4, 9, 8), (4, 1, 9, 8), ""), ((4, 9, 8, 1), (4, 1, 9, 8), "1 channels"),
    ((4, 9, 8, 3), (4, 3, 9, 8), "height × width × 3"),
    ((4, 3, 9, 8), (4, 3, 9, 8), "3 channels × height"), ((4, 3, 3, 1), (4, 1, 3, 3), "width × 1"),
    ((4, 1, 3, 3), (4, 1, 3, 3), "1 channels × height"), ((4, 16, 8, 8), (4, 16, 8, 8), "16 channels"),
    ((4, 8, 8, 16), (4, 16, 8, 8), "16 channels"), ((4, 3, 3, 3), (4, 3, 3, 3), "3 channels × height"),
    ((4, 784), (4, 1, 28, 28), "1×28×28"), ((4, 3072), (4, 3, 32, 32), "3×32×32")])
def test_layouts(shape, read, words):
    x, note = to_channels_first(np.zeros(shape, np.uint8))
    assert x.shape == read
    assert words in note
    assert bool(note) == bool(words)


def test_a_moved_channel_axis_keeps_its_values():
    x = np.random.default_rng(0).integers(0, 256, (2, 5, 4, 3))
    moved, _ = to_channels_first(x)
    assert moved[1, 2, 3, 1] == x[1, 3, 1, 2]


@pytest.mark.parametrize("shape", [(4,), (4, 17), (2, 2, 2, 2, 2), ()])
def test_shapes_that_are_no_pictures(shape):
    with pytest.raises(DataError):
        to_channels_first(np.zeros(shape))


def good(name="x_train", shape=(4, 2, 2)):
    return f"{name}.npy", npy_bytes(shape, body=bytes(int(np.prod(shape))))


MAGIC = b"\x93NUMPY\x01\x00"
LABELS = good("y_train", (4,))
HOSTILE = {
    "four tebibytes": [("x_train.npy", npy_bytes((2**42,))), LABELS],
    "eight gibibytes": [("x_train.npy", npy_bytes((2**30,), "<f8")), LABELS],
    "product overflows": [("x_train.npy", npy_bytes((2**33, 2**33))), LABELS],
    "negative": [("x_train.npy", npy_bytes((-4, 2, 2), body=bytes(16))), LABELS],
    "too few bytes": [("x_train.npy", npy_bytes((4, 2, 2), body=bytes(15))), LABELS],
    "too many bytes": [("x_train.npy", npy_bytes((4, 2, 2), body=bytes(17))), LABELS],
    "objects": [("x_train.npy", npy_bytes((1,), "|O", pickle.dumps([1]))), LABELS],
    "structures": [("x_train.npy", npy_bytes((1,), [("a", "<i4")], bytes(4))), LABELS],
    "no text": [good(), ("y_train.npy", npy_bytes((4,), "<U1", b"\xff" * 16))],
    "half a letter": [good(), ("y_train.npy", npy_bytes((4,), "<U1", b"\0\xd8\0\0" * 4))],
    "letters of no size": [good(), ("y_train.npy", npy_bytes((10**17,), "<U0"))],
    "complex": [("x_train.npy", npy_bytes((4, 1, 1), "<c8", bytes(32))), LABELS],
    "header is code": [("x_train.npy", MAGIC + b"\x40\x00" + b"__import__('os').getcwd()".ljust(63) + b"\n"), LABELS],
    "deep header": [("x_train.npy", MAGIC + b"\x70\x17" + b"(" * 5999 + b"\n"), LABELS],
    "digits without end": [("x_train.npy", npy_bytes((int("1" * 3000),))), LABELS],
    "no header": [("x_train.npy", b"hello"), LABELS],
    "version 9": [("x_train.npy", b"\x93NUMPY\x09\x00\x10\x00" + bytes(16)), LABELS],
    "header beyond the file": [("x_train.npy", b"\x93NUMPY\x02\x00\xff\xff\xff\x7f{}"), LABELS],
    "many axes": [("x_train.npy", npy_bytes((1,) * 30, body=b"x")), LABELS],
    "twice the same name": [good(), good(), LABELS], "no labels": [good()],
    "half a test part": [good(), LABELS, good("x_test")],
    "too many entries": [good(), LABELS, *((f"{n}.txt", b"") for n in range(1_000))],
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("members", HOSTILE.values(), ids=HOSTILE)
def test_hostile_archives(tmp_path, members):
    path = npz_file(tmp_path / "a.npz", members)
    tracemalloc.start()
    with pytest.raises(FileError, match=r"a\.npz"):
        load_npz(path)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("arrays", [
    {"x_train": X, "y_train": Y[:-1]}, {"x_train": X, "y_train": -Y}, {"x_train": X, "y_train": Y + 0.5},
    {"x_train": X, "y_train": np.eye(12)}, {"x_train": np.where(X > 250, np.nan, X), "y_train": Y},
    {"x_train": X, "y_train": Y, "classes": np.array(["only one"])}, {"x_train": X, "y_train": Y, "classes": Y},
    {"x_train": X, "y_train": Y, "x_test": X[:, 1:], "y_test": Y}, {"x_train": X[:0], "y_train": Y[:0]},
    {"x_train": np.array("text"), "y_train": Y}, {"x_train": X, "y_train": np.array(5)}], ids=range(11))
def test_arrays_that_are_no_data_set(tmp_path, arrays):
    with pytest.raises(CoreError):
        finish("x", load_npz(save(tmp_path, **arrays)), 0)


def test_a_zip_bomb_is_refused_by_its_ratio(tmp_path):
    path = npz_file(tmp_path / "a.npz", [("x_train.npy", npy_bytes((100_000, 30, 30), body=bytes(90_000_000))), LABELS])
    assert path.stat().st_size < 200_000
    tracemalloc.start()
    with pytest.raises(FileError, match="times its size"):
        load_npz(path)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_a_lying_directory_of_the_zip(tmp_path):
    """The sizes in the directory are changed behind the archive's back."""
    path = npz_file(tmp_path / "a.npz", [good(), LABELS], zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    start = content.index(b"PK\x01\x02")
    content[start + 24:start + 28] = (2**31).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(FileError, match=r"a\.npz"):
        load_npz(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"x" * 1000, b"PK\x05\x06" + bytes(18)])
def test_what_is_no_archive(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(FileError, match=r"a\.npz"):
        load_npz(tmp_path / "a.npz")


@pytest.mark.parametrize("cut", [10, 100, 400, -30])
def test_truncated(tmp_path, cut):
    path = save(tmp_path, x_train=X, y_train=Y)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(FileError, match=r"a\.npz"):
        load_npz(path)
