"""`benchmark`: tiny rounds work, alone and against PyTorch, and what cannot be done is said kindly."""

import importlib.util
from dataclasses import replace

import pytest

from core.benchmark.growth import Growth
from core.benchmark.layer_speeds import LayerSpeed, Way
from core.benchmark.rounds import Spread
from core.benchmark.speed import Result, Speed
from core.formats import save_file
from core.project import Project
from guibuilder.command_line.benchmark_tables import print_growth, print_result, print_summary
from tests.core.engine.agreement import chain
from tests.core.networks import small_cnn

TINY = ("--rounds", "1", "--seconds", "0.01", "--batch", "4", "--threads", "2")
SPEED = ["pictures_per_second", "operations_per_second", "share", "torch", "ratio", "rounds", "discarded", "quiet",
         "load_known"]


@pytest.fixture
def net(tmp_path):
    """A small network as a file."""
    path = tmp_path / "small.json"
    save_file(Project(small_cnn()), path)
    return path


def test_figures_of_a_network_as_json(command, net):
    found = command("benchmark", net, *TINY, "--layers", "--json").json
    assert list(found) == ["results"]
    made, = found["results"]
    assert list(made) == ["network", "title", "batch", "threads", "parameters", "macs", "peak_one_thread",
                            "peak_all_threads", "training", "inference", "memory_bytes", "torch_memory_bytes",
                            "first_losses", "skipped", "layers", "between_layers"]
    assert (made["network"], made["batch"], made["threads"]) == (str(net), 4, 2)
    for way in ("training", "inference"):
        assert list(made[way]) == SPEED
        speed = made[way]["pictures_per_second"]
        assert 0 < speed["low"] <= speed["median"] <= speed["high"]
        assert made[way]["share"]["median"] > 0
        assert (made[way]["torch"], made[way]["ratio"]) == ({}, None)
    assert made["peak_one_thread"] > 0
    assert (made["torch_memory_bytes"], made["first_losses"]) == (None, None)
    assert [(layer["layer"], layer["input_channels"], layer["output_channels"]) for layer in made["layers"]] == [
        ("C1", 1, 8), ("F1", 72, 10)]
    for layer in made["layers"]:
        assert layer["kernel"]
        for way in ("forward", "backward"):
            assert layer[way]["seconds"]["median"] > 0
            assert layer[way]["share"]["median"] > 0


def test_against_pytorch(command, net):
    pytest.importorskip("torch")
    found = command("benchmark", net, *TINY, "--against", "torch", "--no-compile", "--json").json["results"][0]
    for way in ("training", "inference"):
        assert list(found[way]["torch"]) == ["default", "channels_last"]
        assert 0 < found[way]["ratio"]["low"] <= found[way]["ratio"]["median"] <= found[way]["ratio"]["high"]
    assert found["first_losses"][0] == pytest.approx(found["first_losses"][1], rel=1e-3)
    assert found["skipped"] == {"compiled": "not asked for"}


def result(name="lenet", ratio=2.5, **changes):
    """A measured network, with PyTorch where there is a ratio."""
    torch = {} if ratio is None else {"default": Spread(300, 200, 400), "channels_last": Spread(400, 300, 500)}
    speed = Speed(Spread(1000, 900, 1100), Spread(2e9, 1e9, 3e9), Spread(0.5, 0.4, 0.6), torch,
                  None if ratio is None else Spread(ratio, ratio - 0.5, ratio + 0.5), 7, 1, True, True)
    way = Way(Spread(0.001, 0.001, 0.002), Spread(5e9, 4e9, 6e9), Spread(0.9, 0.8, 1.0))
    layers = (LayerSpeed("C1", "Conv2D", 1, 6, "convolution: why", way, way),
              LayerSpeed("Pool", "MaxPool2D", 6, 6, "max-pool: how", Way(Spread(1, 1, 1), None, None), way),
              LayerSpeed("C2", "Conv2D", 6, 9, "regions: so", way, way, ("P", "Q")))
    theirs = (None, None) if ratio is None else (9_000_000, (2.3, 2.3))
    made = Result(name, "LeNet", 64, 2, 61_706, 416_520, 1e11, 2e11, speed, speed, 5_000_000, *theirs,
                  {"compiled": "no compiler"}, layers, Spread(0.0012, 0.001, 0.002))
    return replace(made, **changes)


def test_the_tables_for_people(capsys):
    print_result([result()])
    text = capsys.readouterr().out
    lines = text.splitlines()
    assert lines[0] == "lenet: batch 64, 2 threads, 61,706 parameters, 416,520 multiply-adds a picture"
    assert lines[1] == "The register tile's peak: 100 GFLOP/s on one thread, 200 on 2."
    training = next(line for line in lines if line.startswith("Training"))
    assert training.split() == ["Training", "1,000", "[900,", "1,100]", "2.0", "50", "%", "300", "400", "2.50",
                                "[2.00,", "3.00]"]
    assert "Memory of training: 5.0 MB; PyTorch 9.0 MB." in lines
    assert "The first losses agree: 2.300000 and 2.300000." in lines
    assert "PyTorch compiled is not there: no compiler." in lines
    assert "2 rounds that other programs disturbed were left out." in lines
    first = next(line for line in lines if line.startswith("C1"))
    assert first.split()[5:] == [*["1.000", "ms", "5.0", "90", "%"] * 2, "convolution:", "why"]
    assert next(line for line in lines if line.startswith("Pool")).split()[7:9] == ["–", "–"]
    assert next(line for line in lines if line.startswith("C2 + P + Q  Conv2D"))
    assert next(line for line in lines if line.startswith("Between the layers: 1.200 ms"))


def test_what_is_not_known_is_said(capsys):
    made = result(ratio=None, memory_bytes=None, layers=None, between_layers=None, skipped={})
    print_result([replace(made, training=replace(made.training, load_known=False))])
    assert "Memory of training: not known on this system." in (text := capsys.readouterr().out)
    assert "no round was left out" in text
    assert "PyTorch" not in text
    print_result([replace(made, inference=replace(made.inference, quiet=False))])
    assert "Other programs were busy" in capsys.readouterr().out


def test_one_line_for_each_network(capsys):
    print_summary([result(), result("resnet20")])
    heads, _, first, second = capsys.readouterr().out.splitlines()
    assert heads.split()[:3] == ["Network", "Training", "Ratio"]
    assert first.split()[:3] == ["lenet", "1,000/s", "2.50"]
    assert second.startswith("resnet20")
    print_summary([result(ratio=None)])
    assert "Ratio" not in capsys.readouterr().out


def test_the_table_of_growth(capsys):
    print_growth([Growth("lenet", "batch", 2.0, Spread(2.1, 2.0, 2.2), Spread(1.05, 1.0, 1.1), True)])
    assert capsys.readouterr().out.splitlines()[-2].split() == ["batch", "×", "2.00", "×", "2.10", "[2.00,", "2.20]",
                                                                "1.05"]


def test_growth_of_every_doubling(command, net):
    found = command("benchmark", net, *TINY, "--growth", "--json").json["results"]
    assert [each["doubled"] for each in found] == ["batch", "width", "depth", "picture size"]
    assert found[0]["macs"] == 2
    for each in found:
        assert each["excess"]["median"] == pytest.approx(each["time"]["median"] / each["macs"])


def test_missing_pytorch_is_said_kindly(command, net, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "torch" else find(name, *rest))
    found = command("benchmark", net, "--against", "torch")
    assert found.status == 3
    assert "PyTorch is not installed" in found.err
    assert "-m pip install torch" in found.err


@pytest.mark.parametrize(("arguments", "words"), [
    (("lenet", "--rounds", "0"), "--rounds must be from 1"),
    (("lenet", "--batch", "0"), "--batch must be from 1"),
    (("lenet", "--seconds", "0"), "--seconds must be from 0.001"),
    (("lenet", "--growth", "--layers"), "--growth goes alone"),
    (("lenett",), "lenet5"),
])
def test_wrong_usage(command, arguments, words):
    found = command("benchmark", *arguments)
    assert found.status == 2
    assert words in found.err


def test_a_network_that_cannot_be_measured(command, tmp_path):
    cases = {"has nothing to learn": chain((1, 4, 4), "Flatten", "Softmax"),
             "needs at least 9×9": chain((1, 4, 4), ("Conv2D", {"kernel": 9}))}
    for words, network in cases.items():
        save_file(Project(network), tmp_path / "a.json")
        found = command("benchmark", tmp_path / "a.json")
        assert found.status == 1
        assert words in found.err


def test_a_layer_that_pytorch_has_not(command, tmp_path):
    pytest.importorskip("torch")
    save_file(Project(chain((1, 4, 4), "APL", "Flatten", "Dense")), tmp_path / "a.json")
    found = command("benchmark", tmp_path / "a.json", "--against", "torch")
    assert found.status == 1
    assert "PyTorch has no layer like APL0 (APL)" in found.err
