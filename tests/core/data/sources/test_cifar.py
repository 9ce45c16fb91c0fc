"""CIFAR's binary archive, read without unpacking it; tar tricks are passed over or refused."""

import gzip
import tarfile
import tracemalloc

import numpy as np
import pytest

from core.data.raw import finish
from core.data.sources.cifar import CIFAR10, load_cifar
from core.errors import CoreError, DataError, FileError
from tests.core.data.files import cifar_records, tar_file

ONE, PIXELS = cifar_records([3, 9, 0, 1])
TWO, MORE = cifar_records([5, 5], seed=1)
TEST, _ = cifar_records([7, 2, 2], seed=2)


def test_batches_come_in_order_whatever_the_archives(tmp_path):
    path = tar_file(tmp_path / "a.tar.gz", [
        ("x/data_batch_2.bin", TWO), ("x/test_batch.bin", TEST), ("x/readme.html", b"hi"), ("x/data_batch_1.bin", ONE)])
    data = finish("x", load_cifar(path), 0)
    assert data.train_y.tolist() == [3, 9, 0, 1, 5, 5]
    assert data.test_y.tolist() == [7, 2, 2]
    assert np.array_equal(data.train_x, np.concatenate([PIXELS, MORE]))
    assert (data.shape, data.classes) == ((3, 32, 32), CIFAR10)


def test_names_of_classes_come_from_the_archive(tmp_path):
    names = "\n".join(f"kind {number}" for number in range(10)) + "\n\n"
    path = tar_file(tmp_path / "a.tar.gz", [("x/batches.meta.txt", names.encode()), ("x/data_batch_1.bin", ONE)])
    assert load_cifar(path).classes[9] == "kind 9"


def test_cifar_100_has_two_labels_and_the_fine_one_counts(tmp_path):
    records, pixels = cifar_records([99, 7])
    coarse = b"".join(b"\x05" + records[start:start + 3073] for start in (0, 3073))
    raw = load_cifar(tar_file(tmp_path / "a.tar.gz", [("c/train.bin", coarse), ("c/test.bin", coarse)]))
    assert raw.train.y.tolist() == [99, 7]
    assert np.array_equal(raw.train.x, pixels)
    assert len(raw.classes) == 100


def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def test_links_and_paths_lead_nowhere(tmp_path):
    folder = tmp_path / "here"
    folder.mkdir()
    path = tar_file(folder / "a.tar.gz", [
        ("../../evil.bin", b"x"), ("/tmp/evil.bin", b"x"), (link("data_batch_2.bin", "/etc/passwd"), None),
        (link("data_batch_3.bin", "x/data_batch_1.bin", tarfile.LNKTYPE), None), ("../../data_batch_1.bin", ONE)])
    assert load_cifar(path).train.y.tolist() == [3, 9, 0, 1]
    assert [entry.name for entry in tmp_path.rglob("*")] == ["here", "a.tar.gz"]


@pytest.mark.parametrize(("members", "words"), [
    ([("x/other.txt", b"hello")], "no data_batch_1.bin"), ([], "no data_batch_1.bin"),
    ([("data_batch_1.bin", ONE[:-1])], "3,073 each"), ([("data_batch_1.bin", b"")], "3,073 each"),
    ([(f"{number}", b"") for number in range(300)], "more than 200 files"),
    ([("cifar-10-batches-py/data_batch_1", b"\x80\x02}q\x01")], "not the Python")])
def test_archives_without_the_records(tmp_path, members, words):
    with pytest.raises(FileError, match=words):
        load_cifar(tar_file(tmp_path / "a.tar.gz", members))


def test_labels_out_of_range(tmp_path):
    with pytest.raises(DataError, match="label is 200"):
        load_cifar(tar_file(tmp_path / "a.tar.gz", [("data_batch_1.bin", cifar_records([1, 200])[0])]))


def header(size, name="data_batch_1.bin"):
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize("content", [
    b"no tar at all" * 100, header(0)[:300], header(500_000_000), header(2**60),
    header(10)[:124] + b"xyz" + header(10)[127:], header(30_730_000), b"\0" * 1024, bytes(1000)], ids=range(8))
def test_sizes_that_lie(tmp_path, content):
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(content))
    tracemalloc.start()
    with pytest.raises(FileError, match=r"a\.tar\.gz"):
        load_cifar(path)
    assert tracemalloc.get_traced_memory()[1] < 40_000_000
    tracemalloc.stop()


def test_a_bomb_in_an_extended_header(tmp_path):
    """Python's tarfile reads such a header whole; ours passes over it within its limit."""
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, 8 * 10**9
    path = tmp_path / "a.tar.gz"
    with gzip.open(path, "wb", 1) as stream:
        stream.write(info.tobuf(tarfile.GNU_FORMAT) + bytes(1_000_000))
    with pytest.raises(FileError, match="400 MB"):
        load_cifar(path)


@pytest.mark.parametrize("cut", [1, 10, 100, 3000])
def test_cut_short(tmp_path, cut):
    path = tar_file(tmp_path / "a.tar.gz", [("data_batch_1.bin", ONE)])
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(CoreError, match=r"a\.tar\.gz"):
        load_cifar(path)


def test_real_cifar(real_data):
    data = finish("x", load_cifar(real_data / "cifar10" / "cifar-10-binary-11k.tar.gz"), 0)
    assert (data.train_x.shape, data.test_x.shape) == ((10_000, 3, 32, 32), (1_000, 3, 32, 32))
    assert data.classes == CIFAR10
    assert data.train_y[:3].tolist() == [6, 9, 9]
    assert data.train_x[0, :, 0, 0].tolist() == [59, 62, 63]
