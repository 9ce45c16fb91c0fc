"""One way in: names, paths, near misses, and a checked data set out of each."""

import os

import numpy as np
import pytest

from core.data.load import describe, get, load, names
from core.errors import CoreError, FileError, UsageError
from tests.core.data.files import cifar_records, idx_folder, npz_file, picture_file, tar_file

BUILT_IN = ("digits", "digits28", "shapes:train=50,test=20")


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_sets_keep_the_promises_of_a_data_set(name):
    data = load(name)
    assert data.name == name
    assert data.train_x.shape[1:] == data.test_x.shape[1:] == data.shape
    assert data.train_x.dtype == np.uint8
    assert data.train_y.dtype == data.test_y.dtype == np.int64
    assert len(data.train_x) == len(data.train_y)
    assert len(data.test_x) == len(data.test_y)
    assert set(data.train_y) | set(data.test_y) == set(range(len(data.classes)))
    assert data.pictures("train", slice(None)).min() == 0
    assert data.pictures("train", slice(None)).max() == 1
    assert data.licence
    assert data.source


def test_what_is_described_is_what_is_loaded():
    told = {info.name: info for info in describe()}
    assert tuple(told) == names()
    for name in ("digits", "digits28", "shapes"):
        info, data = told[name], load(name)
        assert info.available
        assert (info.shape, info.classes, info.train, info.test) == (data.shape, data.classes, len(data.train_y),
                                                                     len(data.test_y))
    assert [told[name].train + told[name].test for name in ("mnist", "fashion-mnist", "kmnist", "cifar10")] == [
        70_000, 70_000, 70_000, 60_000]


def test_nothing_is_available_in_an_empty_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("GUIBUILDER_CACHE", str(tmp_path))
    assert [info.name for info in describe() if info.available] == ["digits", "digits28", "shapes"]


def make_folder(root):
    for label, name in enumerate(("cat", "dog")):
        for number in range(6):
            picture_file(root / name / f"{number}.png", np.full((4, 4), 100 * label + number, np.uint8))
    return root


def make_csv(path):
    path.write_text("".join(f"{n % 2},{n},0,0,255\n" for n in range(12)))
    return path


def make_npz(path):
    np.savez(path, x_train=np.arange(48, dtype=np.uint8).reshape(12, 2, 2), y_train=np.arange(12) % 2)
    return path


MAKERS = [lambda root: idx_folder(root / "idx") and root / "idx", lambda root: make_folder(root / "pictures"),
          lambda root: make_csv(root / "a.CSV"), lambda root: make_npz(root / "a.npz"),
          lambda root: tar_file(root / "a.tar.gz", [("x/data_batch_1.bin", cifar_records([0, 9] * 6)[0])])]


@pytest.mark.parametrize("make", MAKERS, ids=["idx", "folder", "csv", "npz", "cifar"])
def test_every_kind_of_path(tmp_path, make):
    path = make(tmp_path)
    data = load(str(path), seed=2)
    assert data.title == f"Pictures in {path.name}"
    assert len(data.train_y) + len(data.test_y) >= 12
    assert np.array_equal(load(path, seed=2).test_x, data.test_x), "a Path is as good as text"


def test_names_come_before_folders(tmp_path, monkeypatch):
    make_folder(tmp_path / "digits")
    monkeypatch.chdir(tmp_path)
    assert load("digits").shape == (1, 8, 8)
    assert load(f".{os.sep}digits").shape == (1, 4, 4)


@pytest.mark.parametrize(("name", "words"), [
    ("mnsit", "Did you mean mnist"), ("nothing/at/all", "no data set, file or folder"),
    ("", "holds no data|no data set"),
    ("a" * 5000, "cannot be opened|no data set"), ("nul\0byte", "cannot be opened|no data set")])
def test_near_misses_and_nonsense(name, words):
    with pytest.raises(FileError, match=words):
        load(name)


def test_other_files_and_empty_folders_are_refused_with_the_kinds_that_are_read(tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileError, match="one sub-folder"):
        load(tmp_path / "a.pdf")
    with pytest.raises(FileError, match="open the folder"):
        load(tmp_path / "train-images-idx3-ubyte.gz")
    with pytest.raises(FileError, match="holds no data"):
        load(tmp_path / "empty")


def test_getting_what_is_built_in_needs_nothing():
    get("digits")
    get("shapes")
    with pytest.raises(UsageError, match="Did you mean kmnist"):
        get("kmnst")


def test_a_set_that_cannot_be_fetched_says_which_files_to_open_instead(monkeypatch, tmp_path):
    monkeypatch.setenv("GUIBUILDER_CACHE", str(tmp_path))
    monkeypatch.setattr("core.data.sources.known.fetch", _offline)
    with pytest.raises(CoreError) as caught:
        load("mnist")
    assert caught.value.exit_status == 3
    for words in ("MNIST digits", "no connection", "train-images-idx3-ubyte.gz", "open the folder that holds them"):
        assert words in caught.value.message


def _offline(*_):
    raise FileError("no connection")


def test_a_single_member_archive_is_no_set(tmp_path):
    with pytest.raises(FileError, match="x_train"):
        load(npz_file(tmp_path / "a.npz", [("other.npy", b"")]))
