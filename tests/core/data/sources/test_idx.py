"""IDX folders: every spelling, gzipped or not; lies and damage refused before memory is taken."""

import gzip
import shutil
import tracemalloc

import numpy as np
import pytest

from core.data.raw import finish
from core.data.sources.idx import has_idx, load_idx, read_idx
from core.errors import CoreError, DataError, FileError
from tests.core.data.files import idx_bytes, idx_folder

PICTURES = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)


@pytest.mark.parametrize("packed", [True, False])
def test_a_folder_is_read_as_written(tmp_path, packed):
    train_x, train_y, test_x, test_y = idx_folder(tmp_path, packed=packed)
    assert has_idx(tmp_path)
    raw = load_idx(tmp_path)
    assert np.array_equal(raw.train.x[:, 0], train_x)
    assert np.array_equal(raw.test.x[:, 0], test_x)
    assert np.array_equal(raw.train.y, train_y)
    assert np.array_equal(raw.test.y, test_y)
    data = finish("x", raw, 0)
    assert (data.shape, data.classes, data.scale) == ((1, 5, 5), ("0", "1", "2"), 1 / 255)


def test_the_spelling_with_a_dot(tmp_path):
    idx_folder(tmp_path, packed=False)
    for path in list(tmp_path.iterdir()):
        path.rename(path.with_name(path.name.replace("-idx", ".idx")))
    assert len(load_idx(tmp_path).train.y) == 12


def test_without_test_files_a_part_is_split_off(tmp_path):
    idx_folder(tmp_path, train=30, test=0)
    data = finish("x", load_idx(tmp_path), 0)
    assert (len(data.train_y), len(data.test_y)) == (25, 5)
    assert "every sixth" in data.notes[0]


@pytest.mark.parametrize("missing", ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                                     "t10k-labels-idx1-ubyte"])
def test_a_missing_file_is_named(tmp_path, missing):
    idx_folder(tmp_path)
    (tmp_path / f"{missing}.gz").unlink()
    with pytest.raises(FileError, match=missing):
        load_idx(tmp_path)


def test_counts_that_differ(tmp_path):
    idx_folder(tmp_path, train=12)
    idx_folder(tmp_path / "other", train=11)
    shutil.copy(tmp_path / "other" / "train-labels-idx1-ubyte.gz", tmp_path)
    with pytest.raises(DataError, match="12 pictures but"):
        load_idx(tmp_path)


HOSTILE = {
    "empty": b"", "short header": bytes((0, 0, 8, 3, 0, 0)), "not idx": b"PK\x03\x04" * 10,
    "floats": idx_bytes(PICTURES, kind=13), "two axes": idx_bytes(PICTURES, shape=(3, 20)),
    "too long": idx_bytes(PICTURES) + b"x", "too short": idx_bytes(PICTURES)[:-1],
    "more pictures than bytes": idx_bytes(PICTURES, shape=(4, 4, 5)),
    "absurd": idx_bytes(PICTURES, shape=(2**32 - 1, 2**32 - 1, 2**32 - 1)),
    "overflowing": idx_bytes(PICTURES, shape=(2**31, 2**31, 4)),
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzipped"])
@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_lies_in_the_header(tmp_path, content, packed):
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(FileError, match="train-images"):
        read_idx(path, 3)


@pytest.mark.parametrize("cut", [3, 12, 30, -20])
def test_a_truncated_gzip_file(tmp_path, cut):
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(idx_bytes(np.random.default_rng(0).integers(0, 256, (9, 9, 9), np.uint8)))[:cut])
    with pytest.raises(FileError, match=r"a\.gz"):
        read_idx(path, 3)


def test_a_damaged_gzip_file(tmp_path):
    content = bytearray(gzip.compress(idx_bytes(np.random.default_rng(0).integers(0, 256, (9, 9, 9), np.uint8))))
    content[40:60] = bytes(20)
    (tmp_path / "a.gz").write_bytes(content)
    with pytest.raises(FileError, match="damaged"):
        read_idx(tmp_path / "a.gz", 3)


@pytest.mark.parametrize("shape", [(3, 4, 5), (50_000, 200, 200), (10, 200, 200)])
def test_a_bomb_is_not_unpacked_beyond_what_its_header_names(tmp_path, shape):
    """200 kB that unpack to 200 MB: only the promised bytes are ever made."""
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb") as stream:
        stream.write(idx_bytes(np.zeros(0, np.uint8), shape=shape))
        for _ in range(200):
            stream.write(bytes(1_000_000))
    tracemalloc.start()
    with pytest.raises(CoreError):
        read_idx(path, 3)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


def test_real_mnist(real_data):
    data = finish("mnist", load_idx(real_data / "mnist"), 0)
    assert (data.train_x.shape, data.test_x.shape) == ((60_000, 1, 28, 28), (10_000, 1, 28, 28))
    assert np.bincount(data.test_y).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert data.train_y[:5].tolist() == [5, 0, 4, 1, 9]
    assert data.test_x.mean() / 255 == pytest.approx(0.1325, abs=1e-4)
