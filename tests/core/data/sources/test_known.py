"""Published sets: read from the cache once the hashes agree, fetched otherwise, and honest facts about them."""

import dataclasses
import hashlib

import pytest

from core.data.download import RemoteFile
from core.data.load import load
from core.data.sources import known
from core.data.sources.known import CIFAR, FASHION, IDX_NAMES, KMNIST, KNOWN, MNIST, get, load_known
from core.errors import FileError
from tests.core.data.files import cifar_records, idx_folder, tar_file


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GUIBUILDER_CACHE", str(tmp_path))
    return tmp_path / "data"


def pinned(known_set, folder):
    """The same set with the hashes of the files that lie in `folder`."""
    files = tuple(RemoteFile(path.name, path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
                  for path in sorted(folder.iterdir()))
    return dataclasses.replace(known_set, files=files)


def never(*_):
    raise AssertionError("nothing needs to be fetched")


def test_cached_files_are_read_without_a_connection(cache, monkeypatch):
    idx_folder(cache / "fashion-mnist")
    tiny = pinned(FASHION, cache / "fashion-mnist")
    monkeypatch.setattr(known, "fetch", never)
    assert tiny.available
    raw = load_known(tiny)
    assert raw.title == "Fashion-MNIST clothes"
    assert raw.classes[9] == "ankle boot"
    assert len(raw.train.y) == 12


def test_cifar_by_name(cache, monkeypatch):
    folder = cache / "cifar10"
    folder.mkdir(parents=True)
    records = [cifar_records([number, 9])[0] for number in range(2)]
    tar_file(folder / CIFAR.files[0].name, [("x/data_batch_1.bin", records[0]), ("x/test_batch.bin", records[1])])
    monkeypatch.setattr(known, "fetch", never)
    tiny = pinned(CIFAR, folder)
    monkeypatch.setattr(known, "CIFAR", tiny)
    monkeypatch.setitem(KNOWN, "cifar10", tiny)
    data = load("cifar10")
    assert data.classes[9] == "truck"
    assert (data.shape, len(data.train_y), data.licence) == ((3, 32, 32), 2, CIFAR.licence)


def test_missing_and_changed_files_are_fetched_others_not(cache, monkeypatch):
    idx_folder(cache / "kmnist")
    tiny = pinned(KMNIST, cache / "kmnist")
    changed, missing = tiny.files[0], tiny.files[2]
    (cache / "kmnist" / changed.name).write_bytes(b"x" * changed.size)
    (cache / "kmnist" / missing.name).unlink()
    assert not tiny.available
    asked = []
    monkeypatch.setattr(known, "fetch", lambda file, mirrors, folder, progress: asked.append((file, folder)))
    get(tiny, lambda *_: None)
    assert asked == [(changed, cache / "kmnist"), (missing, cache / "kmnist")]


def test_offline_the_message_names_the_way_out(cache, monkeypatch):
    def offline(*_):
        raise FileError("no connection")

    monkeypatch.setattr(known, "fetch", offline)
    with pytest.raises(FileError, match=r"CIFAR-10.*no connection.*binary\.tar\.gz from elsewhere and open that file"):
        get(CIFAR)
    assert not cache.exists()


@pytest.mark.parametrize("each", KNOWN.values(), ids=KNOWN)
def test_facts(each):
    assert KNOWN[each.name] is each
    assert len(each.classes) == 10
    assert len(set(each.classes)) == 10
    assert each.test == 10_000
    assert all(mirror.endswith("/") for mirror in each.mirrors)
    for file in each.files:
        assert len(bytes.fromhex(file.sha256)) == 32
        assert file.size > 4_000
        assert not file.name.endswith("python.tar.gz"), "that version is a pickle"
    assert each.mirrors[0].startswith("https://")
    assert [file.name for file in each.files] == ([*IDX_NAMES] if each is not CIFAR else ["cifar-10-binary.tar.gz"])


def test_published_mnist_files_have_these_hashes(real_data):
    """The test files and the labels there are byte-identical to the published ones."""
    for file in MNIST.files[1:]:
        content = (real_data / "mnist" / file.name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file.size, file.sha256)
