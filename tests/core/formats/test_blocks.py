"""Blocks in files: the drawing as it was made, the weights by `block/layer`, ONNX without blocks."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest

from core.errors import FormatError
from core.formats.native import read_project, write_project
from core.formats.network_json import network_from_bytes, network_to_text
from core.graph.block import Block
from core.graph.blocks import group, ungroup
from core.graph.expand import expanded
from core.graph.initial import initial_weights
from core.graph.network import Network
from core.graph.shapes import infer
from core.project import Project
from core.templates import template
from tests.core.networks import small_cnn


def nested():
    """LeNet with its first stage in a block of a block, and its head in another; trained, in the middle of it."""
    project = template("lenet5")
    weights = initial_weights(infer(project.network), 1)
    state = {f"{name}.moment": array + 1 for name, array in weights.items()}
    project = replace(project, weights=weights, state={**state, "steps": np.array([7])})
    for names, name in ((("C1", "A1"), "Stem"), (("Stem", "S2"), "Front"), (("F7", "Softmax"), "Head")):
        made = group(project.network, [project.network.names[each] for each in names], name)
        project = project.with_network(made.network, made.moved)
    return project


def as_bytes(project):
    buffer = io.BytesIO()
    write_project(project, buffer)
    return buffer.getvalue()


def test_a_project_with_blocks_comes_back_to_the_last_byte():
    project = nested()
    data = as_bytes(project)
    back = read_project(io.BytesIO(data), "x")
    assert back.network == project.network
    assert back.weights.keys() == project.weights.keys()
    assert "Front/Stem/C1.weight" in back.weights
    assert "Front/Stem/C1.weight.moment" in back.state
    assert as_bytes(back) == data


def test_grouped_and_ungrouped_the_file_is_the_same():
    project = template("lenet5")
    project = replace(project, weights=initial_weights(infer(project.network), 1))
    made = group(project.network, [project.network.names[name] for name in ("C1", "A1", "S2")], "Stem")
    inside = read_project(io.BytesIO(as_bytes(project.with_network(made.network, made.moved))), "x")
    back = ungroup(inside.network, made.ids[0])
    assert as_bytes(inside.with_network(back.network, back.moved)) == as_bytes(project)


def test_the_layout_of_a_block():
    plain = json.loads(network_to_text(nested().network))
    [front] = [node for node in plain["nodes"] if node["name"] == "Front"]
    assert list(front) == ["id", "type", "name", "settings", "position"]
    assert front["type"] == "Block"
    assert list(front["settings"]) == ["network", "inputs", "output", "frozen", "bypassed"]
    inner = front["settings"]["network"]
    assert list(inner)[:2] == ["format", "version"]
    by_id = {node["id"]: node for node in inner["nodes"]}
    assert [by_id[key]["type"] for key in front["settings"]["inputs"]] == ["BlockInput"]
    assert by_id[front["settings"]["output"]]["type"] == "BlockOutput"
    assert {node["type"] for node in inner["nodes"]} == {"Block", "MaxPool2D", "BlockInput", "BlockOutput"}


def test_what_others_may_leave_out_or_add():
    nodes = [{"id": "x", "type": "BlockInput", "name": "In"}, {"id": "c", "type": "ReLU", "name": "R", "colour": 1},
             {"id": "y", "type": "BlockOutput", "name": "Out"}]
    edges = [{"from": "x", "to": "c", "note": "!"}, {"from": "c", "to": "y"}]
    block = {"id": "b", "type": "Block", "name": "B", "settings": {
        "network": {"nodes": nodes, "edges": edges, "author": "me"}, "frozen": True}}
    data = {"format": "guibuilder-network", "version": 1, "nodes": [block], "edges": []}
    network = network_from_bytes(json.dumps(data).encode(), "x")
    layer = network.nodes["b"].layer
    assert isinstance(layer, Block)
    assert (layer.entries, layer.exit, layer.frozen) == (("x",), "y", True)
    text = network_to_text(network)
    assert network_to_text(network_from_bytes(text.encode(), "x")) == text
    inner = json.loads(text)["nodes"][0]["settings"]["network"]
    assert inner["author"] == "me"
    assert inner["nodes"][1]["colour"] == 1
    assert inner["edges"][0]["note"] == "!"


def test_nine_blocks_deep_is_refused():
    layer = Block(network=nested().network.nodes[nested().network.names["Head"]].layer.network)
    node = replace(nested().network.by_name("Head"), layer=layer)
    for _ in range(8):
        network = replace(layer.network, nodes={**layer.network.nodes, node.id: node})
        layer = Block(network=network)
        node = replace(node, layer=layer)
    text = network_to_text(Network({node.id: node}))
    with pytest.raises(FormatError, match="8 blocks deep"):
        network_from_bytes(text.encode(), "x")


def test_weights_of_bypassed_layers_stay_in_the_file():
    project = nested()
    network = project.network.change(project.network.names["Front"], bypassed=True)
    back = read_project(io.BytesIO(as_bytes(replace(project, network=network))), "x")
    assert {name for name in project.weights if name.startswith("Front/")} <= back.weights.keys()


def test_onnx_knows_no_blocks():
    onnxruntime = pytest.importorskip("onnxruntime")
    from core.formats.onnx import to_onnx

    network = small_cnn()
    weights = initial_weights(infer(network), 2)
    x = np.random.default_rng(0).random((3, 1, 8, 8)).astype(np.float32)
    outputs = []
    plain = Project(network, weights)
    made = group(network, [network.names[name] for name in ("C1", "R1", "P1")], "Stem")
    for project in (plain, plain.with_network(made.network, made.moved)):
        session = onnxruntime.InferenceSession(to_onnx(project), providers=["CPUExecutionProvider"])
        outputs.append(session.run(None, {"Input": x})[0])
    assert np.array_equal(*outputs)
    assert "Stem/C1" in expanded(made.network).names
