"""What stays behind is known before writing, and a format that is refused beforehand is one whose writer refuses."""

import io
from dataclasses import replace

import pytest

from core.errors import CoreError
from core.export.lacking import carried
from core.formats import FORMATS
from core.project import DataChoice, Project, complete_weights
from core.templates import template
from core.train.events import EpochDone
from tests.core.networks import two_heads

LENET = template("lenet5")
EPOCH = EpochDone(1, 1.0, 0.5, None, None, 2.0)


def _writes(name, project):
    try:
        FORMATS[name].write(project, io.BytesIO())
    except CoreError as error:
        return error.message
    return ""


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"csv", "tensorboard"}))
@pytest.mark.parametrize("project", [
    LENET, Project(), Project(two_heads()), replace(LENET, data=DataChoice(normalise=True)),
    replace(LENET, data=DataChoice(normalise=True), progress={"mean": [0.1], "spread": [0.3]})],
    ids=["lenet5", "empty", "auxiliary", "normalised", "normalised and measured"])
def test_refused_beforehand_is_what_the_writer_refuses(name, project):
    if name in ("onnx",):
        pytest.importorskip("onnx")
    assert bool(carried(name, project).refused) == bool(_writes(name, project))


@pytest.mark.parametrize("name", ["csv", "tensorboard"])
def test_a_log_needs_an_epoch(name):
    assert "no epochs" in carried(name, LENET).refused
    assert carried(name, replace(LENET, history=(EPOCH,))) == carried("gbnet", LENET)


def test_auxiliary_outputs_stay_out_of_what_is_for_use_alone():
    project = Project(two_heads())
    said = "Aux stays out: auxiliary outputs only help the training."
    assert [name for name in FORMATS if said in carried(name, project).lacking] == ["numpy", "onnx"]


def test_what_is_trained_has_more_to_leave_behind():
    trained = replace(LENET, weights=complete_weights(LENET), history=(EPOCH,))
    for name in set(FORMATS) - {"gbnet", "csv", "tensorboard"}:
        found = carried(name, trained)
        assert any("in the project" in sentence for sentence in found.lacking), name
        assert not found.refused


def test_onnx_is_refused_where_two_gigabytes_do_not_do(monkeypatch):
    monkeypatch.setattr("core.export.lacking.ONNX_BYTES", 240_000)
    assert "2 GB" in carried("onnx", LENET).refused
    assert not carried("safetensors", LENET).refused
