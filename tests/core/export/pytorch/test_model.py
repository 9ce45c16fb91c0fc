"""`model.py`: every layer, every setting, templates and random networks give the engine's numbers in PyTorch."""

import re
import subprocess
import sys

import pytest
from hypothesis import strategies as st

from core.errors import FormatError
from core.export.pytorch.layers import FORMS
from core.export.pytorch.model import write_model
from core.formats.onnx_operators import OPERATORS
from core.graph.network import Network
from core.graph.shapes import infer
from core.layers import LAYERS
from core.templates import TEMPLATES, template
from tests.core.export.pytorch.torch_answers import check
from tests.core.layers.drawn import KINDS
from tests.core.networks import Drawing, every_layer, two_heads
from tests.core.random_networks import chains, drawn, engine_answers, layers_in_a_network, two_hundred

pytest.importorskip("torch", reason="PyTorch is what the code is for")
SMALL = [name for name in TEMPLATES if max(template(name).network.nodes["n1"].layer.shape) <= 32]


def runs(network: Network) -> bool:
    """Whether a drawn network is one."""
    return infer(network).runs and len(network.nodes) > 2


def test_every_layer_has_a_form():
    assert set(FORMS) == set(LAYERS) - {"Input"} == set(OPERATORS)


def test_every_type_of_layer_with_every_setting(tmp_path):
    networks = [network for kind in KINDS for network in drawn(layers_in_a_network(kind), 6, runs)]
    assert check(networks, tmp_path) <= 1e-4
    assert len(networks) == 6 * len(KINDS)


def test_two_hundred_random_networks(tmp_path):
    assert check(two_hundred(), tmp_path, expected=engine_answers) <= 1e-4


def test_templates_blocks_and_several_outputs(tmp_path):
    check([*(template(name).network for name in SMALL), every_layer(), two_heads(), _three_inputs()], tmp_path, 2)


def _three_inputs() -> Network:
    drawing = Drawing().add("Input", "A", shape=(3,))
    drawing.last = ""
    drawing.add("Input", "B", shape=(3,)).add("Add", "Sum", "A", "B").add("Tanh", "T", "Sum").add("ReLU", "R", "B")
    return drawing.add("Concatenate", "End", "T", "R", "A").network


def test_the_code_pleases_linters(tmp_path):
    networks = [*(template(name).network for name in TEMPLATES if "152" not in name and "101" not in name),
                every_layer(), two_heads(), *drawn(chains(blocks=True), 40, runs)]
    for number, network in enumerate(networks):
        (tmp_path / f"m{number}.py").write_text(write_model(network).text, "utf-8")
    for more in (["check", "--select", "E,F,W,I,UP,SIM,RET,PIE,C4", "--ignore", "E501,UP008"], ["format", "--check"]):
        found = subprocess.run([sys.executable, "-m", "ruff", *more, "--isolated", "--no-cache", "--line-length", "88",
                                str(tmp_path)], capture_output=True, text=True, check=False)
        assert found.returncode == 0, found.stdout[-3000:] + found.stderr[-1000:]


def test_blocks_that_are_alike_are_one_class():
    text = write_model(template("resnet20-cifar").network).text
    assert re.findall(r"^class (\w+)", text, re.MULTILINE) == ["ResidualBlock", "ProjectionBlock", "ResNet20"]
    assert text.count("ResidualBlock(16)") == 3
    assert "self.s2b1 = ProjectionBlock(16, 32)" in text
    assert "return F.relu(out + x)" in text
    googlenet = write_model(template("googlenet").network).text
    assert "InceptionBlock(192, 64, 96, 128, 16, 32, 32)" in googlenet
    assert len(re.findall(r"^class ", googlenet, re.MULTILINE)) == 2
    # There the last two numbers are alike in every block, but nothing makes them so.
    assert "InceptionBlock(32, 16, 16, 32, 8, 16, 16)" in write_model(template("googlenet-small").network).text
    auxiliary = write_model(template("googlenet-aux").network).text
    assert "self.head4a = Head(512)" in auxiliary


def test_lenet_reads_as_written_by_hand():
    text = write_model(template("lenet5").network).text
    assert "        self.c1 = nn.Conv2d(1, 6, kernel_size=5)\n" in text
    assert "        x = F.relu(self.c1(x))\n" in text
    assert "Maxout" not in text


def test_frozen_layers_stay():
    network = template("lenet5").network
    text = write_model(network.change(network.names["C1"], frozen=True)).text
    assert "self.c1.requires_grad_(False)" in text
    assert text.count("requires_grad_") == 1


def test_a_layer_without_a_form_is_named(monkeypatch):
    monkeypatch.setattr("core.export.pytorch.layers.FORMS", {})
    with pytest.raises(FormatError, match="does not know Conv2D yet"):
        write_model(template("lenet5").network)


def test_draws_are_networks():
    assert all(runs(network) for network in drawn(st.deferred(chains), 5, runs))
