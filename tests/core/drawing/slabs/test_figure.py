"""The slab figure as a value: known sizes, everything named, nothing on top of anything else."""

import math
import re
import time
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings

from core.drawing.measure import text_width
from core.drawing.slabs.figure import figure
from core.drawing.slabs.groups import stacks_of
from core.graph.expand import expanded
from core.graph.network import Edge, Network, Node
from core.layers import make_layer
from core.templates import TEMPLATES, template
from tests.core.formats.projects import networks
from tests.core.networks import Drawing, every_layer


def _slabs(network):
    drawn = figure(network)
    return drawn, {network.nodes[slab.key].name: slab for slab in drawn.slabs}


def _extent(label):
    wide = text_width(label.text, label.size, bold=label.bold)
    left = label.x - {"start": 0.0, "middle": wide / 2, "end": wide}[label.anchor]
    return left, label.y - 0.75 * label.size, left + wide, label.y + 0.2 * label.size


def _texts(network):
    return [label.text for label in figure(network).labels]


def _overlap(one, other, room=0.0):
    return (one[0] < other[2] - room and other[0] < one[2] - room
            and one[1] < other[3] - room and other[1] < one[3] - room)


def _box(slab):
    return slab.solid.left, slab.solid.upper, slab.solid.right, slab.solid.bottom


def test_a_lenet_has_known_sizes():
    drawn, slabs = _slabs(template("lenet5").network)
    assert list(slabs) == ["Input", "C1", "S2", "C3", "S4", "C5", "F6", "F7"]
    for name, (channels, side) in {"Input": (1, 32), "C1": (6, 28), "S2": (6, 14), "C3": (16, 10),
                                   "S4": (16, 5)}.items():
        solid = slabs[name].solid
        assert solid.height == pytest.approx(180 * math.sqrt(side / 32))
        assert (solid.back, solid.up) == pytest.approx((0.38 * solid.height, 0.28 * solid.height))
        assert solid.thickness == pytest.approx(4 + 2.6 * math.sqrt(channels))
    for name, units in {"C5": 120, "F6": 84, "F7": 10}.items():
        assert slabs[name].solid.height == pytest.approx(20 + 14 * math.log2(units + 1))
        assert slabs[name].solid.thickness == 12
    assert len({round(slab.solid.middle, 6) for slab in slabs.values()}) == 1
    assert [slab.solid.left for slab in slabs.values()] == sorted(slab.solid.left for slab in slabs.values())
    assert len(drawn.windows) == 4
    assert [line.kind for line in drawn.lines] == ["fan"] * 6


def test_the_window_is_the_kernel_on_its_map_and_meets_on_the_next_slab():
    network = template("lenet5").network
    drawn, slabs = _slabs(network)
    source, target = slabs["Input"].solid, slabs["C1"].solid
    window = next(each for each in drawn.windows if network.nodes[each.target].name == "C1")
    (left, upper), (right, _), _, (_, lower) = window.corners
    assert right - left == pytest.approx(5 / 32 * source.back)
    assert lower - upper == pytest.approx(5 / 32 * source.height)
    assert source.left + source.thickness <= left < right <= source.right
    assert target.left < window.point[0] < target.left + target.thickness
    assert target.top < window.point[1] < target.bottom


def test_texts_of_an_alexnet():
    texts = _texts(template("alexnet").network)
    for wanted in ("AlexNet", "96", "55", "11×11, stride 4", "5×5", "max pool 3×3, stride 2", "dense 4096", "4096",
                   "LocalResponseNorm", "Flatten", "Dropout 50 %", "Softmax", "FC8", "227", "colour pictures"):
        assert wanted in texts, wanted
    assert texts.count("55") == 2
    assert texts.count("ReLU") == 7


# Without blocks too; the deepest ones are as the others, only longer.
CASES = [(name, False) for name in TEMPLATES] + [(name, True) for name in TEMPLATES
                                                 if name not in ("resnet101", "resnet152")]


@pytest.mark.parametrize(("name", "opened"), CASES)
def test_nothing_lies_on_anything_else_and_everything_within(name, opened):
    network = template(name).network
    network = expanded(network) if opened else network
    started = time.perf_counter()
    drawn = figure(network)
    assert time.perf_counter() - started < 5
    boxes = [_box(slab) for slab in drawn.slabs]
    words = [_extent(label) for label in drawn.labels]
    assert not [pair for pair in combinations(boxes, 2) if _overlap(*pair)]
    clashes = [(one.text, other.text) for one, other in combinations(drawn.labels, 2)
               if _overlap(_extent(one), _extent(other), 0.5)]
    assert clashes == []
    for left, upper, right, lower in boxes + words:
        assert left >= 0
        assert upper >= 0
        assert right <= drawn.width
        assert lower <= drawn.height
    for line in drawn.lines:
        values = [float(value) for value in re.findall(r"-?\d+(?:\.\d+)?", line.path)]
        assert min(values) >= 0
        assert max(values[::2]) <= drawn.width
        assert max(values[1::2]) <= drawn.height
    texts = " ".join(label.text for label in drawn.labels)
    for stack in stacks_of(network)[0].values():
        assert stack.node.name in texts
        assert all(follower.type in texts for follower in stack.followers)


def test_branches_have_lanes_and_arrows():
    network = template("resnet-small").network
    drawn, slabs = _slabs(network)
    assert slabs["B2_project"].solid.top > slabs["B2_conv1"].solid.bottom
    assert slabs["B2_project"].solid.left < slabs["B2_add"].solid.left
    joined = {(network.nodes[line.source].name, network.nodes[line.target].name) for line in drawn.lines}
    assert {("Stem", "B1_add"), ("B2_project", "B2_add"), ("B2_conv2", "B2_add")} <= joined
    assert "1×1, stride 2" in [label.text for label in drawn.labels]


def test_a_block_is_a_group_of_slabs():
    _, slabs = _slabs(template("googlenet-small").network)
    assert {name for name, slab in slabs.items() if slab.parts > 1} == {"I2a", "I2b", "I3a", "I3b"}
    assert "14 layers" in _texts(template("googlenet-small").network)


def test_what_has_no_size_is_an_outline_with_its_complaint():
    network = template("lenet5").network
    drawn, slabs = _slabs(network.change(network.names["C3"], kernel=15))
    assert {name for name, slab in slabs.items() if not slab.known} == {"C3", "S4", "C5", "F6", "F7"}
    labels = {label.text: label for label in drawn.labels}
    assert labels["needs 15×15"].role == "error"
    assert [label.text for label in drawn.labels].count("?") == 5
    assert any(not line.known for line in drawn.lines)


def test_an_activation_that_is_a_branch_has_its_own_slab():
    drawing = Drawing().add("Input", "Input", shape=(1, 8, 8)).add("Conv2D", "C").add("ReLU", "R")
    network = drawing.add("Add", "Sum", "C", "R").network
    drawn, slabs = _slabs(network)
    assert list(slabs) == ["Input", "C", "R", "Sum"]
    assert len(drawn.lines) == 3


def test_bypassed_layers_say_so():
    network = template("lenet5").network
    network = network.change(network.names["A1"], bypassed=True).change(network.names["S2"], bypassed=True)
    texts = _texts(network)
    assert "ReLU, bypassed" in texts
    assert "MaxPool2D, bypassed" in texts
    assert "max pool 2×2, stride 2" in texts


def test_a_network_that_is_only_begun():
    assert figure(Network()).slabs == ()
    assert "0 layers" in figure(Network()).about
    loose = Network().add(Node("a", make_layer("ReLU", {}), "A"), Node("b", make_layer("Dense", {}), "B"))
    assert [slab.known for slab in figure(loose).slabs] == [False, False]
    circle = Network(loose.nodes, (Edge("a", "b"), Edge("b", "a")))
    assert len(figure(circle).slabs) == 2
    assert len(figure(every_layer()).slabs) > 10


@given(networks())
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_network_has_a_figure(network):
    drawn = figure(network)
    assert len(drawn.slabs) == len(stacks_of(network)[0])
    assert all(math.isfinite(each) for slab in drawn.slabs for each in _box(slab))
