"""Back before the first epoch: exactly the weights a training began with, whatever was renamed or saved since."""

import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from core.formats.native import write_project
from core.formats.weights_files import to_safetensors
from core.graph.beginning import Beginning
from core.project import Project, beginning_of, complete_weights, rewound
from core.train.control import Control
from core.train.events import Started
from core.train.fit import Training
from core.train.job import Job
from tests.core.train.interrupting import dataset, go_on, project_of, through_a_file


def initial(project: Project) -> bytes:
    """The weights in the engine before the first batch."""
    training = Training(Job(project, dataset(), 1), Control())
    events = training.events()
    for event in events:
        if isinstance(event, Started):
            weights = training.prepared.current_weights()
            break
    events.close()
    return to_safetensors(weights)


def back(project: Project) -> Project:
    return replace(project, **rewound(project))


@pytest.mark.parametrize("init", ["by-layer", "normal", "constant"])
@pytest.mark.parametrize("filed", [False, True])
def test_rewinding_gives_the_weights_a_training_began_with_and_the_same_training(init, filed):
    project = project_of(init=init, init_value=0.02)
    done = go_on(project, 12)[0]
    done = through_a_file(done) if filed else done
    again = back(done)
    assert to_safetensors(again.weights) == initial(project)
    assert (again.history, again.state, again.progress) == ((), {}, {})
    assert to_safetensors(go_on(again)[0].weights) == to_safetensors(go_on(project)[0].weights)


def test_weights_that_were_there_before_come_back_and_lie_in_the_file():
    earlier = go_on(project_of(epochs=1))[0].weights
    project = replace(project_of(), weights=earlier)
    done = through_a_file(through_a_file(go_on(project, 3)[0]))
    assert to_safetensors(back(done).weights) == to_safetensors(earlier)
    assert initial(project) == to_safetensors(earlier)


def test_drawn_weights_take_no_room_in_the_file():
    done = go_on(project_of(), 3)[0]
    assert not done.beginning.not_drawn(done.network)
    buffer = io.BytesIO()
    write_project(done, buffer)
    with zipfile.ZipFile(buffer) as archive:
        assert json.loads(archive.read("training.json"))["beginning"] == {"seed": 5, "init": "by-layer",
                                                                          "init_value": 0.1}
        assert b".initial" not in archive.read("state.safetensors")


def test_renamed_layers_and_another_seed_change_nothing():
    project = project_of()
    done = go_on(project, 3)[0]
    first = complete_weights(project)
    network = done.network
    renamed = done.with_network(network.rename(network.names["C1"], "Eyes"))
    renamed = renamed.with_network(renamed.network.rename(network.names["C1"], "Sight"))
    renamed = replace(renamed, options=replace(renamed.options, seed=99))
    for each in (renamed, through_a_file(renamed)):
        found = back(each).weights
        np.testing.assert_array_equal(found["Sight.weight"], first["C1.weight"])
        np.testing.assert_array_equal(found["F1.weight"], first["F1.weight"])
        assert found.keys() == {name.replace("C1", "Sight") for name in first}
    home = renamed.with_network(renamed.network.rename(network.names["C1"], "C1"))
    assert not home.beginning.names


def test_a_changed_layer_begins_anew_and_the_others_come_back():
    done = go_on(project_of(), 3)[0]
    network = done.network.change(done.network.names["F1"], units=7)
    found = back(replace(done, network=network)).weights
    assert not {"F1.weight", "F1.bias"} & set(found)
    np.testing.assert_array_equal(found["C1.weight"], complete_weights(project_of())["C1.weight"])
    other = done.network.change(done.network.names["C1"], kernel_init="zeros")
    changed = through_a_file(replace(done, network=other))
    assert changed.beginning.own.keys() == {"C1.weight"}
    np.testing.assert_array_equal(back(changed).weights["C1.weight"], found["C1.weight"])


def test_a_broken_drawing_keeps_what_was_not_drawn():
    earlier = go_on(project_of(epochs=1))[0].weights
    done = go_on(replace(project_of(), weights=earlier), 3)[0]
    broken = through_a_file(replace(done, network=done.network.disconnect(*done.network.edges[:1])))
    mended = through_a_file(replace(broken, network=done.network))
    assert to_safetensors(back(mended).weights) == to_safetensors(earlier)


def test_a_later_training_keeps_the_first_beginning():
    first = go_on(project_of(epochs=1))[0]
    assert beginning_of(first) is first.beginning
    assert rewound(project_of()) == {}
    assert isinstance(beginning_of(project_of()), Beginning)
