"""What a Watch shows."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import CoreError, DataError
from core.graph.blocks import group
from core.inspect.activations import feature_maps
from core.project import DataChoice, Project
from core.worker import looking
from core.worker.library import Library
from core.worker.looking import see_project
from core.worker.messages import Watch
from tests.core.networks import Drawing, small_cnn, weights_of

LIBRARY = Library()
PROJECT = Project(small_cnn(), data=DataChoice("digits"))


def test_it_shows_the_layer_of_the_definition():
    weights = weights_of(PROJECT.network, 7)
    seen = see_project(Watch(1, "P1", index=2), replace(PROJECT, weights=weights), LIBRARY)
    picture = LIBRARY.load("digits").pictures("test", 2)
    np.testing.assert_array_equal(seen.picture, picture)
    np.testing.assert_array_equal(seen.maps, feature_maps(PROJECT.network, weights, "P1", picture).maps)
    assert seen.filters is None
    assert sum(share for _, share in seen.prediction) <= 1
    assert seen.prediction[0][1] >= seen.prediction[1][1]


def test_layers_in_blocks_are_looked_at_by_their_long_names():
    network = PROJECT.network
    made = group(network, [network.names[name] for name in ("C1", "R1", "P1")], "Stem")
    trained = replace(PROJECT, weights=weights_of(network, 7))
    plain = see_project(Watch(1, "C1"), trained, LIBRARY)
    inside = see_project(Watch(1, "Stem/C1"), trained.with_network(made.network, made.moved), LIBRARY)
    np.testing.assert_array_equal(inside.maps, plain.maps)
    np.testing.assert_array_equal(inside.filters, plain.filters)
    assert inside.prediction == plain.prediction


def test_an_index_beyond_the_end_begins_anew():
    first, again = (see_project(Watch(1, "C1", index=index), PROJECT, LIBRARY) for index in (1, 361))
    np.testing.assert_array_equal(first.picture, again.picture)


def test_the_network_sees_normalised_pictures_and_the_window_the_picture():
    normal = replace(PROJECT, data=DataChoice("digits", normalise=True))
    plain, moved = (see_project(Watch(1, "Input"), project, LIBRARY) for project in (PROJECT, normal))
    np.testing.assert_array_equal(plain.picture, moved.picture)
    np.testing.assert_array_equal(plain.maps, plain.picture)
    assert moved.maps.min() < 0


def test_much_is_cut_to_what_can_be_shown():
    drawing = Drawing().add("Input", "Input", shape=(1, 8, 8)).add("Conv2D", "Wide", filters=200, kernel=3)
    drawing.add("Conv2D", "Next", filters=100, kernel=5).add("Flatten", "Flat")
    project = replace(PROJECT, network=drawing.add("Dense", "D", units=10).network)
    wide = see_project(Watch(1, "Wide"), project, LIBRARY)
    assert (len(wide.maps), wide.channels, wide.filters.shape) == (64, 200, (64, 1, 3, 3))
    following = see_project(Watch(1, "Next"), project, LIBRARY)
    assert following.filters.shape == (64, 62, 5, 5)
    assert following.filters.size <= looking.MOST_FILTER_NUMBERS


def test_a_picture_of_ones_own_needs_no_data():
    project = replace(PROJECT, data=DataChoice("/nowhere"), classes=tuple("abcdefghij"))
    seen = see_project(Watch(1, "C1", np.ones((1, 8, 8), np.float32)), project, LIBRARY)
    assert seen.prediction[0][0] in "abcdefghij"
    with pytest.raises(CoreError):
        see_project(Watch(1, "C1"), project, LIBRARY)


def test_nothing_is_downloaded_only_to_look(monkeypatch):
    monkeypatch.setattr(looking, "at_hand", lambda source: False)
    with pytest.raises(DataError, match="have to be downloaded first"):
        see_project(Watch(1, "C1"), PROJECT, LIBRARY)
