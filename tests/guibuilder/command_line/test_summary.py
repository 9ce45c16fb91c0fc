"""`summary`: the contract's figures for LeNet-5, and the keys."""

import pytest

from core.formats import save_file
from core.graph.blocks import group
from core.graph.levels import put_at
from core.project import Project
from core.templates import template
from tests.core.networks import every_layer


def test_lenet_in_figures(command):
    found = command("summary", "lenet5", "--json").json
    assert list(found) == ["name", "input_shape", "layers", "parameters", "trainable", "macs", "memory_bytes",
                           "macs_backward", "problems"]
    assert (found["name"], found["input_shape"]) == ("LeNet-5", [1, 32, 32])
    assert (found["parameters"], found["trainable"], found["macs"]) == (61_706, 61_706, 416_520)
    by_name = {layer["name"]: layer for layer in found["layers"]}
    assert [by_name[name]["receptive_field"]["size"] for name in ("C1", "S2", "C3", "S4")] == [
        [5, 5], [6, 6], [14, 14], [16, 16]]
    assert by_name["S4"]["receptive_field"] == {"size": [16, 16], "jump": [4, 4], "start": [7.5, 7.5]}
    assert by_name["Flatten"]["receptive_field"] is None
    assert [by_name[name]["output_shape"] for name in ("Input", "C1", "S2", "C3", "S4", "Flatten", "C5", "F6", "F7")] \
        == [[1, 32, 32], [6, 28, 28], [6, 14, 14], [16, 10, 10], [16, 5, 5], [400], [120], [84], [10]]
    assert list(by_name["C1"]) == ["name", "type", "inputs", "output_shape", "parameters", "trainable", "macs",
                                   "macs_backward", "receptive_field", "receptive_field_smallest", "activation_bytes"]
    assert (by_name["C1"]["macs_backward"], found["macs_backward"]) == (117_600, 2 * 416_520 - 117_600)
    assert by_name["S4"]["receptive_field_smallest"] == by_name["S4"]["receptive_field"]
    assert by_name["C1"]["inputs"] == ["Input"]
    assert by_name["C1"]["activation_bytes"] == 4 * 6 * 28 * 28
    assert found["problems"] == []


def test_the_table(command):
    found = command("summary", "lenet5")
    lines = found.out.splitlines()
    assert found.status == 0
    assert "From" not in lines[2]
    assert lines[5].split() == ["C1", "Conv2D", "6×28×28", "156", "117,600", "117,600", "1.2", "MB", "5×5"]
    assert lines[-3].split() == ["Total", "61,706", "416,520", "715,440", "4.1", "MB"]
    assert "batch 64 and adam needs" in lines[-1]


def test_branches_name_their_sources(command, tmp_path):
    save_file(Project(every_layer()), tmp_path / "a.json")
    found = command("summary", tmp_path / "a.json")
    assert "G1, D1" in found.out
    joined = next(layer for layer in command("summary", tmp_path / "a.json", "--json").json["layers"]
                  if layer["name"] == "Join")
    assert joined["inputs"] == ["G1", "D1"]


def test_where_branches_meet_the_least_and_the_most_are_shown(command):
    found = command("summary", "resnet-small")
    assert "7×7 to 11×11" not in found.out
    added = next(line for line in found.out.splitlines() if line.startswith("B1_add"))
    assert added.endswith("3×3 to 7×7")
    layers = {layer["name"]: layer for layer in command("summary", "resnet-small", "--json").json["layers"]}
    assert layers["B1_add"]["receptive_field_smallest"]["size"] == [3, 3]
    assert layers["B1_add"]["receptive_field"]["size"] == [7, 7]


def test_another_input_and_batch(command):
    small, large = (command("summary", "lenet5", "--json", "--batch", batch).json for batch in (1, 64))
    assert large["memory_bytes"] > small["memory_bytes"]
    colour = command("summary", "lenet5", "--json", "--input", "3,32,32").json
    assert (colour["input_shape"], colour["parameters"]) == ([3, 32, 32], 61_706 + 300)
    assert command("summary", "lenet5", "--input", "3,32").status == 2
    assert command("summary", "lenet5", "--batch", 0).status == 2
    assert command("summary", "lenet5", "--input", "3,99999,32").status == 2


@pytest.mark.parametrize("as_json", [True, False])
def test_a_broken_network_is_shown_as_far_as_it_goes(command, tmp_path, as_json):
    project = template("lenet5")
    network = project.network.change(project.network.names["C3"], kernel=15)
    save_file(Project(network), tmp_path / "a.json")
    found = command("summary", tmp_path / "a.json", *(["--json"] if as_json else []))
    assert found.status == 1
    if as_json:
        layers = {layer["name"]: layer for layer in found.json["layers"]}
        assert layers["S2"]["output_shape"] == [6, 14, 14]
        assert layers["C3"]["output_shape"] is layers["F7"]["parameters"] is None
        assert found.json["problems"][0]["code"] == "too-small"
    else:
        assert "error: C3 needs at least 15×15 but gets 14×14: (14 − 15)/1 + 1 = 0" in found.out


def test_an_input_for_several_inputs_is_refused(command, tmp_path):
    network = every_layer()
    save_file(Project(network.add(network.new_node("Input"))), tmp_path / "a.json")
    found = command("summary", tmp_path / "a.json", "--input", "1,9,9")
    assert (found.status, "has 2" in found.err) == (2, True)


def test_layers_in_blocks_are_listed_with_the_block_in_front(command, tmp_path):
    project = template("lenet5")
    network = project.network
    made = group(network, [network.names[name] for name in ("C1", "A1", "S2")], "Stem")
    save_file(Project(made.network), tmp_path / "blocks.json")
    found = command("summary", tmp_path / "blocks.json", "--json").json
    by_name = {layer["name"]: layer for layer in found["layers"]}
    assert list(by_name)[:4] == ["Input", "Stem/C1", "Stem/A1", "Stem/S2"]
    assert by_name["C3"]["inputs"] == ["Stem/S2"]
    assert found["parameters"] == 61_706
    assert by_name["C3"]["receptive_field"]["size"] == [14, 14]
    broken = made.network.rename(made.ids[0], "Front")
    inner = broken.nodes[made.ids[0]].layer.network
    save_file(Project(put_at(broken, made.ids, inner.change(inner.names["C1"], kernel=40))), tmp_path / "broken.json")
    found = command("summary", tmp_path / "broken.json", "--json")
    assert found.status == 1
    assert [(each["layer"], each["code"]) for each in found.json["problems"]] == [("Front/C1", "too-small")]
    assert found.json["problems"][0]["fixes"]
    assert "Front/C1 needs at least 40×40" in command("check", tmp_path / "broken.json").out
