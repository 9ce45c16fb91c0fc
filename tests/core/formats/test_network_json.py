"""network.json as the contract has it."""

import io
import json

import pytest
from hypothesis import HealthCheck, given, settings

from core.errors import FormatError
from core.formats.network_json import FORMAT, network_from_bytes, network_to_text
from core.graph.network import Edge
from core.graph.output import Output
from core.graph.shapes import infer
from core.layers import LAYERS
from core.settings import settings_of
from core.templates import TEMPLATES, template
from tests.core.formats.projects import networks
from tests.core.networks import every_layer, two_heads


def _load(value):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return network_from_bytes(data, "x.json")


def _plain(**changes):
    plain = json.loads(network_to_text(every_layer()))
    return {**plain, **changes}


@given(networks())
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_any_network_comes_back_and_its_text_too(network):
    text = network_to_text(network)
    back = _load(text.encode())
    assert back == network
    assert network_to_text(back) == text


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_come_back(name):
    network = template(name).network
    assert _load(network_to_text(network).encode()) == network


def test_what_was_decided_about_outputs_comes_back_with_keys_we_do_not_know():
    network = two_heads(weight=0.25, loss="mean-squares")
    plain = json.loads(network_to_text(network))
    (decided,) = (node["output"] for node in plain["nodes"] if "output" in node)
    assert decided == {"role": "auxiliary", "weight": 0.25, "loss": "mean-squares"}
    decided["x-colour"] = "red"
    back = _load(plain)
    assert back.by_name("Aux").output == Output("auxiliary", 0.25, "mean-squares")
    assert json.loads(network_to_text(back)) == plain


@pytest.mark.parametrize(("output", "words"), [
    (5, "output settings of Aux are not a table"), ({"weight": -1}, "Aux: Loss weight must be a number from 0"),
    ({"role": "king"}, "Aux: Role must be"), ({"loss": "hinge"}, "Aux: Loss must be"),
])
def test_damaged_decisions_are_refused_in_words(output, words):
    plain = json.loads(network_to_text(two_heads()))
    next(node for node in plain["nodes"] if node["name"] == "Aux")["output"] = output
    with pytest.raises(FormatError, match=words):
        _load(plain)


def test_the_layout_is_the_contract():
    text = network_to_text(every_layer())
    plain = json.loads(text)
    assert list(plain) == ["format", "version", "generator", "name", "nodes", "edges"]
    assert (plain["format"], plain["version"]) == ("guibuilder-network", 1)
    assert plain["generator"].startswith("guibuilder ")
    for node in plain["nodes"]:
        assert list(node) == ["id", "type", "name", "settings", "position"]
        assert list(node["settings"]) == list(settings_of(LAYERS[node["type"]]))
    assert all(list(edge) == ["from", "to", "port"] for edge in plain["edges"])
    assert {node["type"] for node in plain["nodes"]} == set(LAYERS)
    lines = text.splitlines()
    assert len(lines) == 6 + len(plain["nodes"]) + len(plain["edges"]) + 4
    assert all(json.loads(line.strip().rstrip(",")) for line in lines if line.startswith("  {"))


def test_other_programs_may_leave_out_defaults_and_use_short_forms():
    nodes = [{"id": "a", "type": "Input", "name": "in", "settings": {"shape": [3, 32, 32]}},
             {"id": "b", "type": "Conv2D", "name": "conv", "settings": {"kernel": 5, "padding": [1, 2]}}]
    network = _load({"format": "guibuilder-network", "version": 1, "nodes": nodes, "edges": [{"from": "a", "to": "b"}]})
    layer = network.nodes["b"].layer
    assert (layer.kernel, layer.padding, layer.filters) == ((5, 5), (1, 2, 1, 2), 8)
    assert network.edges == (Edge("a", "b", 0),)
    assert network.name == "Untitled"


def test_what_we_do_not_know_survives():
    plain = _plain(author="Ada", licence={"name": ["MIT", None]})
    plain["nodes"][1]["comment"] = "first"
    plain["edges"][0]["colour"] = "crimson"
    plain["nodes"].append({"id": "n99", "type": "Attention", "name": "A", "settings": {"heads": 4, "deep": {"er": [1]}},
                           "position": [1.5, -2], "weight": 3})
    plain["edges"].append({"from": "n1", "to": "n99", "port": 7})
    network = _load(plain)
    assert json.loads(network_to_text(network)) == plain
    assert [problem.code for problem in infer(network).errors] == ["unknown-type"]
    # A wire that was cut takes its own keys with it.
    assert "crimson" not in network_to_text(network.disconnect(network.edges[0]))


def test_a_cycle_is_shown_as_a_problem():
    plain = _plain()
    by_name = {node["name"]: node["id"] for node in plain["nodes"]}
    plain["edges"] = [edge for edge in plain["edges"] if edge["to"] != by_name["R1"]]
    plain["edges"].append({"from": by_name["L2"], "to": by_name["R1"], "port": 0})
    assert "cycle" in {problem.code for problem in infer(_load(plain)).errors}


_NODE = {"id": "a", "type": "ReLU", "name": "A", "settings": {}}


def _with(*nodes, edges=()):
    return _plain(nodes=list(nodes), edges=list(edges))


@pytest.mark.parametrize(("plain", "words"), [
    (_plain(format="other"), "no guibuilder network"), (_plain(version=2), "Please update"),
    (_plain(version="1"), "which version"), (_plain(nodes={}), "not laid out"), (_plain(edges=[1]), "not laid out"),
    (_plain(name=3), "not laid out"), (_with(_NODE, _NODE), "two layers"),
    (_with(_NODE, {**_NODE, "id": "b"}), "two layers"), (_with({**_NODE, "id": 3}), "proper id"),
    (_with({**_NODE, "name": "x" * 300}), "proper name"), (_with({**_NODE, "name": "a.b"}), "dot"),
    (_with({**_NODE, "name": "../a"}), "slash"), (_with({**_NODE, "name": "a\nb"}), "printable"),
    (_with({**_NODE, "settings": []}), "not a table"), (_with({**_NODE, "settings": {"depth": 2}}), "no setting"),
    (_with({**_NODE, "settings": {"frozen": 1}}), "on or off"), (_with({**_NODE, "position": [1]}), "two numbers"),
    (_with({**_NODE, "position": [1e9, 0]}), "out of reach"),
    (_with({"id": "a", "type": "Dense", "name": "A", "settings": {"units": 10**18}}), "Units"),
    (_with({"id": "a", "type": "Input", "name": "A", "settings": {"shape": [1, 2**40, 2**40]}}), "channels"),
    (_with(_NODE, edges=[{"from": "a", "to": "z", "port": 0}]), "does not have"),
    (_with(_NODE, edges=[{"from": "a", "to": "a", "port": -1}]), "two ends"),
    (_with(_NODE, edges=[{"from": "a", "to": "a", "port": 5}]), "which has 1"),
    (_with(_NODE, {**_NODE, "id": "b", "name": "B"}, edges=[{"from": "a", "to": "b", "port": 0}] * 2), "same input"),
])
def test_what_is_no_network_is_refused_in_one_sentence(plain, words):
    with pytest.raises(FormatError, match=words) as caught:
        _load(plain)
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 250


def test_absurd_but_allowed_sizes_become_a_problem_without_memory():
    nodes = [{"id": "a", "type": "Input", "name": "A", "settings": {"shape": [65536, 65536, 65536]}},
             {"id": "b", "type": "Flatten", "name": "B", "settings": {}},
             {"id": "c", "type": "Dense", "name": "C", "settings": {"units": 1_000_000}}]
    network = _load(_with(*nodes, edges=[{"from": "a", "to": "b", "port": 0}, {"from": "b", "to": "c", "port": 0}]))
    assert infer(network).errors[0].code == "too-large"


@pytest.mark.parametrize(("head", "ours"), [(b"{", True), (b"\xef\xbb\xbf \n{", True), (b"[1]", False), (b"", False),
                                            (b"{\0\0\0\0\0\0\0{", False), (b"PK\x03\x04", False)])
def test_matching_by_content(head, ours):
    assert FORMAT.match(head) is ours


def test_reading_and_writing_through_the_format():
    project = template("mlp")
    buffer = io.BytesIO()
    FORMAT.write(project, buffer)
    buffer.seek(0)
    assert FORMAT.read(buffer, "x.json").network == project.network
