"""A network with two outputs in the worker: trained, watched at both heads, measured, warmed up, exported."""

from dataclasses import replace

import numpy as np
import pytest

from core.project import DataChoice, Project
from core.train.events import EpochDone, Finished, Started
from core.train.options import TrainOptions
from core.worker.answers import measured
from core.worker.library import Library
from core.worker.looking import see_project
from core.worker.messages import Done, ExportFile, Measure, Seen, Train, Warm, Watch
from core.worker.warming import warm
from tests.core.networks import two_heads, weights_of
from tests.core.worker.client import Client

OPTIONS = TrainOptions(epochs=2, batch_size=32, learning_rate=0.01)
PROJECT = Project(two_heads(), data=DataChoice("digits"), options=OPTIONS)


def test_a_real_worker_trains_shows_and_exports_it(tmp_path):
    with Client() as worker:
        worker.ask(Watch(0, "AuxDense"))
        worker.ask(Train(0, PROJECT))
        assert any("0.3 · Aux" in note for note in worker.event(Started).notes)
        worker.event(EpochDone)
        finished = worker.event(Finished)
        looks = [message for message in worker.said if isinstance(message, Seen) and message.training]
        assert looks
        assert looks[-1].maps.shape == (10,)
        assert len(looks[-1].prediction) == 5
        trained = replace(PROJECT, weights=finished.weights, classes=tuple("0123456789"))
        done = worker.answer(Measure(0, trained))
        assert isinstance(done, Done)
        assert done.result.accuracy == finished.test_accuracy
        pytest.importorskip("onnxruntime")
        exported = worker.answer(ExportFile(0, trained, "onnx", str(tmp_path / "a.onnx"))).result
        assert exported.max_difference < 1e-5


def test_every_layer_of_both_heads_can_be_watched():
    library, project = Library(), replace(PROJECT, weights=weights_of(PROJECT.network, 3))
    answers = [see_project(Watch(1, node.name), project, library).prediction
               for node in project.network.nodes.values()]
    assert all(answer == answers[0] for answer in answers)


def test_the_measured_loss_is_that_of_the_main_output():
    library, project = Library(), replace(PROJECT, weights=weights_of(PROJECT.network, 3))
    heavy = replace(project, network=two_heads(weight=50.0))
    found = [measured(Measure(0, each), library, lambda *_: None) for each in (project, heavy)]
    assert found[0].loss == found[1].loss
    assert np.array_equal(found[0].confusion, found[1].confusion)


@pytest.mark.parametrize("options", [{}, {"units": 12}, {"weight": 0.0}], ids=str)
def test_it_warms_up_for_any_outputs(options):
    told = []
    warm(Warm(0, two_heads(**options)), lambda text, done, total: told.append(text))
    assert told
