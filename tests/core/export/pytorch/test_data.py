"""The pictures in an exported program are those that the program here trains with."""

import gzip
import json
import subprocess
import sys

import numpy as np
import pytest

from core.data.load import load
from core.data.pictures import fit_dataset
from core.data.sources.known import CIFAR, MNIST
from core.project import DataChoice, Project
from tests.core.export.pytorch.programs import opened, written
from tests.core.networks import small_cnn

torch = pytest.importorskip("torch", reason="PyTorch is what the program is for")
Image = pytest.importorskip("PIL.Image")


def _same(folder, dataset, given=None):
    """Refuse a program whose pictures or labels are others."""
    with opened(folder) as program:
        x, y, test_x, test_y, scale = program.load_data(given)
        train_places, validation_places = program.split(len(y))
    for tensor, array in ((x, dataset.train_x), (test_x, dataset.test_x)):
        made = tensor.numpy().astype(np.float32) * scale
        assert made.shape == array.shape
        assert np.abs(made - array.astype(np.float32) * dataset.scale).max() <= 1.01 / 255
    assert np.array_equal(y.numpy(), dataset.train_y)
    assert np.array_equal(test_y.numpy(), dataset.test_y)
    assert len(train_places) + len(validation_places) == len(y)


def _write_idx(folder, count, test, size=(9, 7)):
    rng = np.random.default_rng(0)
    folder.mkdir()
    for name, number in (("train", count), ("t10k", test)):
        if number:
            pictures = rng.integers(0, 256, (number, *size), np.uint8)
            head = bytes([0, 0, 8, 3]) + np.array(pictures.shape, ">u4").tobytes()
            with gzip.open(folder / f"{name}-images-idx3-ubyte.gz", "wb") as file:
                file.write(head + pictures.tobytes())
            labels = (np.arange(number) % 10).astype(np.uint8)
            head = bytes([0, 0, 8, 1]) + np.array(labels.shape, ">u4").tobytes()
            (folder / f"{name}-labels-idx1-ubyte").write_bytes(head + labels.tobytes())


@pytest.mark.parametrize(("test", "shape"), [(20, (1, 9, 7)), (0, (1, 12, 9)), (20, (3, 20, 20))])
def test_idx(tmp_path, test, shape):
    _write_idx(tmp_path / "set", 50, test)
    project = Project(small_cnn(shape), data=DataChoice(str(tmp_path / "set")))
    _same(written(project, tmp_path / "out"), fit_dataset(load(tmp_path / "set"), shape))


@pytest.mark.parametrize(("colour", "shape"), [(True, (3, 12, 12)), (True, (1, 12, 12)), (False, (1, 30, 30))])
def test_folders(tmp_path, colour, shape):
    rng = np.random.default_rng(0)
    for part, count in (("train", 6), ("test", 3)):
        for name in ("cat", "dog"):
            (tmp_path / "set" / part / name).mkdir(parents=True)
            for number in range(count):
                pixels = rng.integers(0, 256, (12, 12, 3) if colour else (12, 12), np.uint8)
                Image.fromarray(pixels).save(tmp_path / "set" / part / name / f"{number}.png")
    project = Project(small_cnn(shape, 2), data=DataChoice(str(tmp_path / "set")))
    dataset = fit_dataset(load(tmp_path / "set"), shape)
    folder = written(project, tmp_path / "out")
    _same(folder, dataset)


@pytest.mark.parametrize("source", ["digits", "digits28", "shapes:size=12,train=30,test=20"])
def test_built_in_sets_travel_along(tmp_path, source):
    project = Project(small_cnn((1, 14, 14)), data=DataChoice(source))
    folder = written(project, tmp_path / "out")
    assert (folder / "data.npz").is_file()
    _same(folder, fit_dataset(load(source), (1, 14, 14)))


def test_tables_travel_along(tmp_path):
    rows = "\n".join(",".join(str(n) for n in (k % 3, *range(k, k + 9))) for k in range(12))
    (tmp_path / "a.csv").write_text(rows)
    project = Project(small_cnn((1, 9, 9), 3), data=DataChoice(str(tmp_path / "a.csv")))
    _same(written(project, tmp_path / "out"), fit_dataset(load(tmp_path / "a.csv"), (1, 9, 9)))


def test_published_sets_are_fetched_or_named(tmp_path, real_data):
    for known, folder, shape in ((MNIST, "mnist", (1, 32, 32)), (CIFAR, "cifar10", (3, 32, 32))):
        source = real_data / folder
        project = Project(small_cnn(shape), data=DataChoice(known.name))
        folder = written(project, tmp_path / known.name)
        about = json.loads((folder / "config.json").read_text())["data"]
        assert [file["url"].rpartition("/")[2] for file in about["files"]] == [file.name for file in known.files]
        archive = next(source.glob("*.tar.gz"), source)
        _same(folder, fit_dataset(load(archive), shape), source)


def test_missing_pictures_are_one_sentence(tmp_path):
    project = Project(small_cnn(), data=DataChoice(str(tmp_path / "gone")))
    with opened(written(project, tmp_path / "out")) as program, pytest.raises(SystemExit, match="There is no"):
        program.load_data(None)


def test_the_programs_please_linters(tmp_path):
    _write_idx(tmp_path / "set", 20, 10)
    (tmp_path / "photos" / "cat").mkdir(parents=True)
    Image.new("RGB", (9, 9)).save(tmp_path / "photos" / "cat" / "a.png")
    for number, source in enumerate(("digits", "mnist", "cifar10", str(tmp_path / "set"), str(tmp_path / "photos"))):
        for augments in (False, True):
            project = Project(small_cnn((1, 9, 9)), data=DataChoice(source, translate=augments))
            written(project, tmp_path / f"out{number}{augments}")
    rules = ["--select", "E,F,W,I,UP,SIM,RET,PIE,C4,B", "--ignore", "E501,B904,B905"]
    for folder in tmp_path.glob("out*"):
        for more in (["check", *rules], ["format", "--check"]):
            found = subprocess.run([sys.executable, "-m", "ruff", *more, "--isolated", "--no-cache", "."], cwd=folder,
                                   capture_output=True, text=True, check=False)
            assert found.returncode == 0, found.stdout[-3000:] + found.stderr[-1000:]
