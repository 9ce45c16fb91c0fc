"""The project file: everything comes back, and the same project gives the same bytes."""

import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from core.errors import FormatError
from core.formats import FORMATS, open_file, save_file
from core.formats.native import MEMBERS, read_project, read_thumbnail, write_project
from core.formats.weights_files import to_safetensors
from core.project import DataChoice, Project, complete_weights
from core.templates import template
from core.train.events import EpochDone
from core.train.options import TrainOptions
from tests.core.formats.projects import projects


def _bytes(project, **more):
    buffer = io.BytesIO()
    write_project(project, buffer, **more)
    return buffer.getvalue()


def _read(data):
    return read_project(io.BytesIO(data), "x.gbnet")


def _repacked(project, **members):
    """A project file with some members exchanged; None leaves one out."""
    found = {}
    with zipfile.ZipFile(io.BytesIO(_bytes(project))) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    found |= {name.replace("_", "."): content for name, content in members.items()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in found.items():
            if content is not None:
                archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def trained():
    project = template("mlp")
    weights = complete_weights(project)
    state = {f"{name}.first": array + 1 for name, array in weights.items()} | {"steps": np.array([20], np.int64)}
    return replace(project, weights=weights, state=state, notes="# Notes\n×", classes=("zero", "one"),
                   options=TrainOptions(epochs=7, seed=3), data=DataChoice("some/folder", normalise=True),
                   history=(EpochDone(1, 0.5, 0.9, 0.6, 0.8, 2.5),), progress={"epoch": 1, "step": 20})


def _same(one, other):
    assert one.network == other.network
    for part in ("data", "options", "history", "notes", "classes"):
        assert getattr(one, part) == getattr(other, part), part
    assert dict(one.progress) == dict(other.progress)
    assert dict(one.extra) == dict(other.extra)
    for part in ("weights", "state"):
        first, second = getattr(one, part), getattr(other, part)
        assert first.keys() == second.keys()
        assert all(np.array_equal(first[name], second[name]) for name in first)


def test_everything_comes_back(trained):
    data = _bytes(trained)
    back = _read(data)
    _same(back, trained)
    assert _bytes(back) == data
    assert all(array.dtype == np.float32 for array in back.weights.values())


@given(projects())
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_any_project_comes_back_byte_for_byte(project):
    data = _bytes(project)
    back = _read(data)
    _same(back, project)
    assert _bytes(back) == data


def test_the_members_are_the_contract(trained):
    with zipfile.ZipFile(io.BytesIO(_bytes(trained, thumbnail=b"png"))) as archive:
        entries = archive.infolist()
        assert [entry.filename for entry in entries] == list(MEMBERS)
        assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.compress_type for entry in entries} == {zipfile.ZIP_STORED}
        training = json.loads(archive.read("training.json"))
    assert list(training) == ["format", "version", "generator", "data", "options", "progress", "classes"]
    assert training["options"]["seed"] == 3
    with zipfile.ZipFile(io.BytesIO(_bytes(Project()))) as archive:
        assert archive.namelist() == ["network.json", "weights.safetensors", "training.json", "history.csv", "notes.md"]


def test_the_thumbnail_can_be_read_alone(trained):
    assert read_thumbnail(io.BytesIO(_bytes(trained, thumbnail=b"\x89PNG")), "x") == b"\x89PNG"
    assert read_thumbnail(io.BytesIO(_bytes(trained)), "x") == b""
    assert read_thumbnail(io.BytesIO(_bytes(trained, thumbnail=bytes(5_000_000))), "x") == b""


def test_arrays_without_a_place_stay_behind(trained):
    first = trained.network.names["Hidden1"]
    network = trained.network.change(first, units=20)
    weights = {**trained.weights, "Gone.weight": np.zeros(2, np.float32),
               "Output.bias": np.full(10, np.nan, np.float32)}
    back = _read(_bytes(replace(trained, network=network, weights=weights, state={"Gone.bias.m": np.zeros(2)})))
    assert back.weights.keys() == {"Hidden2.bias", "Output.weight"}
    assert not back.state


def test_arrays_behind_a_problem_are_kept(trained):
    broken = trained.network.disconnect(*trained.network.edges[:1])
    back = _read(_bytes(replace(trained, network=broken)))
    assert back.weights.keys() == trained.weights.keys()


def test_members_that_another_program_packed_or_left_out(trained):
    assert _read(_repacked(trained, notes_md=None, history_csv=None, training_json=None)).options == TrainOptions()
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(_bytes(trained))) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    _same(_read(buffer.getvalue()), trained)


def test_what_a_newer_version_added_survives(trained):
    with zipfile.ZipFile(io.BytesIO(_bytes(trained))) as archive:
        plain = json.loads(archive.read("training.json"))
    plain["mood"] = {"good": True}
    plain["options"]["temperature"] = 2
    plain["data"]["mirror"] = None
    back = _read(_repacked(trained, training_json=json.dumps(plain)))
    assert back.options == trained.options
    with zipfile.ZipFile(io.BytesIO(_bytes(back))) as archive:
        assert json.loads(archive.read("training.json")) == plain


def _training(**changes):
    return json.dumps({"format": "guibuilder-training", "version": 1, **changes})


@pytest.mark.parametrize(("members", "words"), [
    ({"network_json": None}, r"no network\.json"), ({"network_json": b"{}"}, "no guibuilder network"),
    ({"training_json": b"[1]"}, "not a JSON object"), ({"training_json": "{}"}, "guibuilder-training"),
    ({"training_json": _training(version=9)}, "Please update"), ({"training_json": _training(data=3)}, "damaged"),
    ({"training_json": _training(options={"epochs": -1})}, "Epochs"), ({"notes_md": b"\xff"}, "not text"),
    ({"training_json": _training(classes=[1])}, "damaged"), ({"history_csv": "epoch\nx\n"}, "as epoch"),
    ({"weights_safetensors": to_safetensors({"Hidden1.bias": np.zeros(3, np.float32)})}, "are 3 but"),
    ({"weights_safetensors": to_safetensors({"Hidden1.bias": np.zeros(128)})}, "float64"),
    ({"weights_safetensors": to_safetensors({"Hidden1.slope": np.zeros(3, np.float32)})}, "no use"),
    ({"weights_safetensors": to_safetensors({"../x": np.zeros(3, np.float32)})}, "no use"),
    ({"weights_safetensors": to_safetensors({"Hidden1.bias": np.full(128, np.nan, np.float32)})}, "not finite"),
    ({"weights_safetensors": b"short"}, "cut off"), ({"state_safetensors": b"\1" * 99}, "cut off"),
    ({"training_json": _training(progress={"epoch": "x"})}, "damaged"),
    ({"training_json": _training(progress={"mean": [0.1]})}, "contradict"),
    ({"training_json": _training(progress={"spread": [-1], "mean": [0]})}, "damaged"),
    ({"training_json": _training(beginning={"seed": -1})}, "damaged"),
    ({"training_json": _training(beginning={"init": "best"})}, "damaged"),
], ids=range(22))
def test_damaged_members_are_refused_in_one_sentence(trained, members, words):
    with pytest.raises(FormatError, match=words) as caught:
        _read(_repacked(trained, **members))
    assert "\n" not in caught.value.message


def test_through_files(trained, tmp_path):
    path = tmp_path / "a.gbnet"
    save_file(template("lenet5"), path)
    save_file(trained, path, thumbnail=b"png")
    _same(open_file(path), trained)
    assert open_file(tmp_path / "a.bak.gbnet").network == template("lenet5").network
    save_file(trained, path, keep_previous=False)
    assert open_file(tmp_path / "a.bak.gbnet").network == template("lenet5").network
    assert FORMATS["gbnet"].keeps_previous
