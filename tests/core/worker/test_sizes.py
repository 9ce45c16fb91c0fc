"""What the worker answers when asked how large outputs and gradients are."""

import pytest

from core.errors import DataError
from core.project import DataChoice, Project, complete_weights
from core.train.options import TrainOptions
from core.worker.library import Library
from core.worker.messages import MeasureSizes, Sizes
from core.worker.sizes import sizes
from tests.core.networks import small_cnn
from tests.core.worker.client import Client


def asked(project: Project) -> Sizes:
    return sizes(MeasureSizes(1, project), Library(), lambda text, done, total: None)


def project(**changes: object) -> Project:
    return Project(small_cnn(), data=DataChoice("digits"), **changes)


def test_usual_values_need_nothing_beside_them():
    found = asked(project())
    assert (found.pictures, found.trained, found.usual) == (64, False, ())
    assert [size.layer for size in found.now] == ["C1", "R1", "P1", "Flatten", "F1", "Softmax"]
    assert all(size.activation > 0 for size in found.now)


def test_zeros_stand_beside_usual_values():
    found = asked(project(options=TrainOptions(init="zeros")))
    assert [size.gradient for size in found.now if size.gradient is not None] == [0, 0]
    assert found.usual == asked(project()).now


def test_trained_weights_stand_beside_new_ones():
    weights = {name: 3 * array for name, array in complete_weights(project()).items()}
    found = asked(project(weights=weights))
    assert found.trained
    assert found.now[0].activation == pytest.approx(3 * found.usual[0].activation, rel=1e-5)


def test_normalised_pictures_are_measured_normalised():
    plain, normal = (asked(project() if not on else Project(small_cnn(), data=DataChoice("digits", normalise=True)))
                     for on in (False, True))
    assert normal.now[0].activation > 1.2 * plain.now[0].activation


def test_data_that_does_not_fit_is_refused():
    with pytest.raises(DataError, match="10"):
        asked(Project(small_cnn(classes=3), data=DataChoice("digits")))


def test_the_process_answers():
    with Client() as client:
        assert client.answer(MeasureSizes(0, project())).result == asked(project())
