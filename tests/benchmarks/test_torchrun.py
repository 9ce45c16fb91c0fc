"""The whole road out and back: LeNet-5 on MNIST here, by torchrun on two processes, and its weights here again."""

from dataclasses import replace

import pytest

from core.data.load import load
from core.data.pictures import fit_dataset
from core.formats.weights_into import weights_into
from core.inspect.mistakes import How, measure
from core.project import DataChoice, complete_weights
from core.templates import template
from core.train.events import Finished
from core.train.fit import fit
from core.train.job import Job, normalisation
from tests.core.export.pytorch.programs import run, with_options, written

EPOCHS = 3


def test_torchrun_reaches_the_accuracy_of_the_program(tmp_path, real_data):
    pytest.importorskip("torch")
    project = template("lenet5")
    options = replace(project.options, epochs=EPOCHS)
    project = replace(project, data=DataChoice(str(real_data / "mnist")), options=options)
    folder = written(project, tmp_path / "lenet")
    end = list(fit(Job(project)))[-1]
    assert isinstance(end, Finished)
    with_options(folder, epochs=EPOCHS)
    metrics = run(folder, processes=2)
    back, problems = weights_into(project, folder / "weights.safetensors")
    assert not problems
    dataset = fit_dataset(load(project.data.source), (1, 32, 32))
    how = How("cross-entropy", normalisation(back, dataset), 1)
    found = measure(back.network, complete_weights(back), dataset, how)
    print(f"\nhere {end.test_accuracy:.2%}, torchrun {metrics['test_accuracy']:.2%}, its weights here "
          f"{found.accuracy:.2%}; {metrics['images_per_second']:,.0f} pictures/s there")
    assert found.accuracy == pytest.approx(metrics["test_accuracy"], abs=1e-3)
    assert metrics["test_accuracy"] >= end.test_accuracy - 0.005
