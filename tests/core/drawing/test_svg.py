"""The picture of a network: well formed, complete, safe, and the same each time."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from core.drawing.svg import draw
from core.graph.arrange import NODE_HEIGHT, NODE_WIDTH, arrange
from core.graph.network import Edge, Network, Node
from core.layers import LAYERS, make_layer
from core.layers.unknown import Unknown
from core.templates import TEMPLATES, template
from tests.core.formats.projects import networks
from tests.core.networks import every_layer

SVG = "{http://www.w3.org/2000/svg}"


def _parsed(network, **more):
    return ET.fromstring(draw(network, **more).svg)


def _texts(root):
    return [each.text for each in root.iter(f"{SVG}text")]


def _arranged(network):
    return network.move(arrange(network))


def test_lenet_says_everything():
    picture = draw(template("lenet5").network)
    root = ET.fromstring(picture.svg)
    texts = _texts(root)
    assert texts[:2] == ["LeNet-5", "14 layers · 61,706 parameters · 416,520 multiply-adds"]
    for wanted in ("C1", "Conv2D", "6 of 5×5, stride 1", "6×28×28", "156", "MaxPool2D", "2×2, stride 2", "48,120",
                   "120 units", "probabilities", "6×14×14", "84"):
        assert wanted in texts, wanted
    assert root.findtext(f"{SVG}title") == "LeNet-5"
    assert (root.get("width"), root.get("height")) == (str(picture.width), str(picture.height))


def test_a_count_that_has_no_room_is_shortened_rather_than_left_out():
    texts = _texts(ET.fromstring(draw(template("resnet18").network).svg))
    assert "1.18 M" in texts
    assert "4,720,640" in texts


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("dark", [False, True])
def test_every_template_is_drawn_within_its_picture(name, dark):
    network = template(name).network
    picture = draw(network, dark=dark)
    root = ET.fromstring(picture.svg)
    left, top, width, height = (float(value) for value in root.get("viewBox").split())
    for node in network.nodes.values():
        x, y = node.position
        assert left < x
        assert x + NODE_WIDTH < left + width
        assert top < y
        assert y + NODE_HEIGHT < top + height
    wires = root.find(f"{SVG}g")
    assert len(wires) == len(network.edges)
    for path in wires:
        values = [float(value) for value in re.findall(r"-?\d+(?:\.\d+)?", path.get("d"))]
        assert left <= min(values[::2])
        assert max(values[::2]) <= left + width
    assert draw(network, dark=dark).svg == picture.svg


def test_types_without_room_are_icons_and_titles():
    root = _parsed(template("resnet-small").network)
    spoken = [each.text for each in root.iter(f"{SVG}title")]
    assert "BatchNorm" not in _texts(root)
    assert "BatchNorm Stem_norm, per channel, output 16×32×32, 32 parameters" in spoken
    icons = [each for each in root.iter(f"{SVG}g") if "scale" in each.get("transform", "")]
    assert len(icons) >= 8
    assert "currentColor" not in draw(template("resnet-small").network).svg


def test_a_problem_is_seen_at_its_layer_and_behind_it():
    network = template("lenet5").network
    broken = draw(network.change(network.names["C3"], kernel=15))
    texts = _texts(ET.fromstring(broken.svg))
    assert "needs 15×15" in texts
    assert "14 layers · C3 needs at least 15×15 but gets 14×14: (14 − 15)/1 + 1 = 0" in texts
    assert texts.count("?") == 9 + 2
    assert broken.svg.count("stroke-dasharray") == 9
    several = network.change(network.names["C3"], kernel=15).disconnect(network.edges[0])
    assert "(and 1 more)" not in draw(network).svg
    assert "needs an input" in _texts(_parsed(several))


def _behind(source, layer):
    """The network of all layers with one more behind `source`."""
    network = every_layer()
    return network.add(Node("new", layer, "New")).connect(Edge(network.names[source], "new"))


def _without_first_input(name):
    network = every_layer()
    return network.disconnect(next(edge for edge in network.edges if edge.target == network.names[name]))


@pytest.mark.parametrize(("network", "words"), [
    (every_layer().connect(Edge(every_layer().names["Input"], every_layer().names["Sum"], 2)), "shapes differ"),
    (_behind("R1", make_layer("Dense", {})), "needs a vector"),
    (_behind("D1", make_layer("Conv2D", {})), "needs maps"),
    (_behind("R1", Unknown(name="Novelty")), "unknown type"),
    (every_layer().change(every_layer().names["C2"], groups=3), "groups do not fit"),
    (_without_first_input("Sum"), "needs 2 inputs"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_complaints_are_short(network, words):
    assert words in _texts(_parsed(_arranged(network)))


def test_warnings_freezing_bypassing_and_many_inputs():
    network = template("mlp").network
    hidden = network.names["Hidden1"]
    plain = draw(network).svg
    assert len(draw(network.change(hidden, frozen=True)).svg) > len(plain)
    bypassed = _parsed(network.change(network.names["A1"], bypassed=True))
    assert "bypassed" in _texts(bypassed)
    assert [each.get("opacity") for each in bypassed.findall(f"{SVG}g")].count("0.45") == 1
    assert _parsed(template("resnet-small").network).tag == f"{SVG}svg"
    joined = Network().add(*(Node(f"n{i}", LAYERS["Input"](), f"I{i}") for i in range(6)),
                           Node("n9", LAYERS["Concatenate"](), "All"))
    for port in range(6):
        joined = joined.connect(Edge(f"n{port}", "n9", port))
    heights = [float(each.get("height")) for each in _parsed(_arranged(joined)).iter(f"{SVG}rect")]
    assert NODE_HEIGHT + 60 in heights


def test_runs_of_different_outputs_lie_side_by_side():
    places = {"A": (300, 0), "B": (300, 104), "C": (0, 400), "D": (0, 504)}
    network = Network().add(*(Node(name, LAYERS["ReLU"](), name, place) for name, place in places.items()))
    network = network.connect(Edge("A", "D")).connect(Edge("B", "C"))
    runs = [re.search(r"L(\S+) (\S+)C", path.get("d"))[2] for path in _parsed(network).find(f"{SVG}g")]
    assert abs(float(runs[0]) - float(runs[1])) == 8


def test_without_a_caption_and_without_layers():
    assert "LeNet-5" not in _texts(_parsed(template("lenet5").network, caption=False))
    empty = draw(Network())
    assert "0 layers" in empty.svg
    assert empty.width > 100


HOSTILE = '<script>alert(1)</script>&"\' ]]> --> <!--'


def test_hostile_names_stay_text():
    network = template("mlp").network
    first = network.names["Hidden1"]
    network = replace(network, name=HOSTILE, nodes={**network.nodes, first: replace(network.nodes[first],
                                                                                    name=HOSTILE)})
    root = _parsed(network)
    assert HOSTILE in [each.text for each in root.iter(f"{SVG}title")]
    assert {each.tag.removeprefix(SVG) for each in root.iter()} <= {"svg", "g", "title", "desc", "rect", "path", "text",
                                                                    "circle"}


@given(networks())
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_any_network_is_drawn(network):
    root = _parsed(network)
    assert len(list(root.iter(f"{SVG}circle"))) >= len(network.nodes)
