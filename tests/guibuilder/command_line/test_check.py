"""`check`: problems with fixes, and the list of codes."""

from core.formats import save_file
from core.graph.shapes import CODES
from core.project import Project
from core.templates import template


def test_nothing_wrong(command):
    found = command("check", "lenet5")
    assert (found.status, found.out) == (0, "No problems in 14 layers.\n")
    assert command("check", "lenet5", "--json").json == {"problems": []}


def test_errors_come_with_fixes_and_status_1(command, tmp_path):
    network = template("lenet5").network
    network = network.change(network.names["C3"], kernel=15).disconnect(network.edges[-1])
    save_file(Project(network), tmp_path / "a.json")
    found = command("check", tmp_path / "a.json", "--json")
    assert found.status == 1
    first, second = sorted(found.json["problems"], key=lambda problem: problem["code"], reverse=True)
    assert list(first) == ["severity", "layer", "code", "message", "fixes"]
    assert (first["severity"], first["layer"], first["code"]) == ("error", "C3", "too-small")
    assert first["message"] == "C3 needs at least 15×15 but gets 14×14: (14 − 15)/1 + 1 = 0"
    assert first["fixes"][0].startswith("Kernel 5×5")
    assert (second["layer"], second["code"]) == ("Softmax", "input-missing")
    human = command("check", tmp_path / "a.json")
    assert human.out.startswith("2 errors\n")
    assert "error [too-small] C3 needs" in human.out
    assert "    → Kernel 5×5" in human.out


def test_warnings_alone_are_status_0_and_whole_networks_have_no_layer(command, tmp_path):
    found = command("check", "resnet-small", "--json")
    assert {problem["severity"] for problem in found.json["problems"]} <= {"warning"}
    assert found.status == 0
    save_file(Project(), tmp_path / "a.json")
    empty = command("check", tmp_path / "a.json", "--json")
    assert (empty.status, empty.json["problems"][0]["layer"], empty.json["problems"][0]["code"]) == (1, None, "empty")


def test_the_help_lists_every_code(command):
    found = command("check", "-h")
    assert found.status == 0
    for code, (severity, meaning) in CODES.items():
        assert f"{code}" in found.out
        assert f"{severity}: {meaning}" in found.out
