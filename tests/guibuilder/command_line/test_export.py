"""`export` and `render`."""

import importlib
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from core.errors import FormatError
from core.formats import open_file, save_file
from core.project import DataChoice, Project
from core.templates import template
from core.worker import exporting
from core.worker.messages import Exported
from guibuilder.command_line import export
from guibuilder.command_line.pictures import arranged
from tests.core.networks import small_cnn


@pytest.mark.parametrize("name", ["gbnet", "json", "safetensors", "npz", "svg", "png"])
def test_every_format_is_written(command, trained, tmp_path, name):
    out = tmp_path / f"a.{name}"
    found = command("export", trained, "--to", name, "--out", out, "--json")
    assert found.status == 0
    assert found.json == {"format": name, "out": str(out), "max_difference": None}
    head = out.read_bytes()[:8]
    assert {"gbnet": head[:2] == b"PK", "npz": head[:2] == b"PK", "json": head[:1] == b"{", "svg": head[:4] == b"<svg",
            "png": head[1:4] == b"PNG", "safetensors": head[4:] == b"\0" * 4}[name]


@pytest.mark.parametrize(("name", "head"), [
    ("csv", b"epoch,train_loss,"), ("tikz", b"% Compile it"), ("pdf", b"%PDF-")])
def test_logs_and_pictures_are_written(command, trained, tmp_path, name, head):
    assert command("export", trained, "--to", name, "--out", tmp_path / "out").status == 0
    assert (tmp_path / "out").read_bytes().startswith(head)


@pytest.mark.parametrize(("name", "out", "files"), [
    ("numpy", "a.py", {"a.py", "a.npz"}), ("numpy", "a.zip", {"a.zip"}),
    ("numpy", "a", {"a/model.py", "a/weights.npz"}),
    ("tensorboard", "log", {"log/events.out.tfevents.0.guibuilder"})])
def test_formats_of_several_files(command, trained, tmp_path, name, out, files):
    for _ in range(2):
        found = command("export", trained, "--to", name, "--out", tmp_path / out, "--json")
        assert found.status == 0
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()} >= files
    assert name != "numpy" or found.json["max_difference"] <= 1e-5


@pytest.mark.skipif(not find_spec("keras") or not find_spec("torch"), reason="needs keras and torch")
def test_keras_is_compared_with_the_engine(command, trained, tmp_path):
    found = command("export", trained, "--to", "keras", "--out", tmp_path / "a")
    assert found.status == 0
    assert "pictures Keras and the engine differ by at most" in found.out
    assert {"model.py", "train.py", "config.json", "weights.npz"} <= {path.name for path in (tmp_path / "a").iterdir()}


def test_a_report_measures_what_is_trained(command, trained, tmp_path):
    assert command("export", trained, "--to", "html", "--out", tmp_path / "a.html").status == 0
    page = (tmp_path / "a.html").read_text("utf-8")
    assert "test pictures of digits28: loss" in page
    assert "<polyline" in page
    project = open_file(trained)
    save_file(replace(project, data=DataChoice(str(tmp_path / "gone"))), tmp_path / "b.gbnet")
    found = command("export", tmp_path / "b.gbnet", "--to", "html", "--out", tmp_path / "b.html")
    assert "test pictures of" not in (tmp_path / "b.html").read_text("utf-8")
    assert found.status == 0
    assert "Without results" in found.err
    assert command("export", "mlp", "--to", "html", "--out", tmp_path / "c.html", "--json").json["format"] == "html"


def test_what_another_program_lacks_is_said(command, tmp_path, monkeypatch):
    monkeypatch.setattr("core.export.check.importlib.util.find_spec", lambda name: None)
    found = command("export", "resnet-small", "--to", "keras", "--out", tmp_path / "a")
    assert found.status == 0
    assert "biased variance" in found.err
    assert "Not compared: Keras is not installed in this Python." in found.err


def test_onnx_is_compared_with_the_engine(command, trained, tmp_path):
    found = command("export", trained, "--to", "onnx", "--out", tmp_path / "a.onnx", "--json")
    assert found.status == 0
    assert 0 <= found.json["max_difference"] <= 1e-5
    assert "differ by at most" in command("export", trained, "--to", "onnx", "--out", tmp_path / "a.onnx").out


def test_a_normalised_network_is_exported_with_its_figures(command, tmp_path):
    save_file(Project(small_cnn()), tmp_path / "a.json")
    command("train", tmp_path / "a.json", "--data", "digits", "--normalise", "--epochs", 1, "--out",
            tmp_path / "a.gbnet")
    found = command("export", tmp_path / "a.gbnet", "--to", "onnx", "--out", tmp_path / "a.onnx", "--json")
    assert found.json["max_difference"] <= 1e-5


def test_what_answers_differently_fails(command, trained, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "_compared", lambda project, to, out: Exported("onnx", str(out), 0.5, 8, "8 differ."))
    found = command("export", trained, "--to", "onnx", "--out", tmp_path / "a.onnx")
    assert found.status == 1
    assert "8 differ." in found.err
    assert "do not rely" in found.err


def test_what_cannot_be_compared_says_so(command, trained, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise FormatError("onnxruntime is not installed.")

    monkeypatch.setattr(exporting, "run_onnx", refuse)
    found = command("export", trained, "--to", "onnx", "--out", tmp_path / "a.onnx", "--json")
    assert (found.status, found.json["max_difference"]) == (0, None)
    assert "Not compared: onnxruntime is not installed." in found.err


def test_pictures_that_are_not_here_are_replaced_by_the_digits(command, trained, tmp_path):
    project = open_file(trained)
    for source in ("kmnist", str(tmp_path / "gone"), "digits28"):
        save_file(replace(project, data=DataChoice(source)), tmp_path / "a.gbnet")
        found = command("export", tmp_path / "a.gbnet", "--to", "onnx", "--out", tmp_path / "a.onnx", "--json")
        assert found.json["max_difference"] <= 1e-5
        assert ("so the built-in digits were taken" in found.err) == (source != "digits28")


def test_a_full_disk_leaves_the_old_file(tmp_path):
    resource = pytest.importorskip("resource")
    out = tmp_path / "a.npz"
    out.write_bytes(b"old")
    found = subprocess.run([sys.executable, "-m", "guibuilder", "export", "mlp", "--to", "npz", "--out", str(out)],
                           capture_output=True, text=True, check=False,
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)))
    assert found.returncode == 3
    assert "not enough room on the disk" in found.stderr
    assert "Traceback" not in found.stderr
    assert out.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["a.npz"]


def test_exports_that_cannot_be(command, trained, tmp_path):
    assert command("export", trained, "--to", "docx", "--out", tmp_path / "a").status == 2
    assert command("export", trained, "--to", "onnx", "--out", tmp_path / "missing" / "a.onnx").status == 3
    assert command("export", trained, "--to", "json", "--out", tmp_path).status == 3
    network = template("lenet5").network
    save_file(Project(network.change(network.names["C3"], kernel=15)), tmp_path / "broken.json")
    found = command("export", tmp_path / "broken.json", "--to", "onnx", "--out", tmp_path / "a.onnx")
    assert (found.status, "C3 needs" in found.err) == (1, True)
    assert not (tmp_path / "a.onnx").exists()


def test_saving_keeps_what_was_there_before(command, trained, tmp_path):
    out = tmp_path / "a.gbnet"
    for name in ("mlp", trained):
        command("export", name, "--to", "gbnet", "--out", out)
    assert open_file(tmp_path / "a.bak.gbnet").network == template("mlp").network
    assert np.array_equal(open_file(out).weights["F7.bias"], open_file(trained).weights["F7.bias"])


def test_render_draws(command, tmp_path):
    found = command("render", "lenet5", "--out", tmp_path / "a.svg", "--json")
    assert list(found.json) == ["out", "size"]
    root = ET.parse(tmp_path / "a.svg").getroot()
    assert found.json["size"] == [int(root.get("width")), int(root.get("height"))]
    dark = command("render", "lenet5", "--out", tmp_path / "b.svg", "--dark")
    assert f"{found.json['size'][0]:,} × {found.json['size'][1]:,} pixels" in dark.out
    assert (tmp_path / "b.svg").read_text() != (tmp_path / "a.svg").read_text()


def test_render_and_export_draw_slabs(command, tmp_path):
    rendered = command("render", "alexnet", "--out", tmp_path / "a.svg", "--style", "slabs", "--json")
    texts = [each.text for each in ET.parse(tmp_path / "a.svg").getroot().iter("{http://www.w3.org/2000/svg}text")]
    assert {"11×11, stride 4", "dense 4096", "96"} <= set(texts)
    assert rendered.json["size"][0] > 500
    command("render", "alexnet", "--out", tmp_path / "a.tex", "--style", "slabs")
    command("export", "alexnet", "--to", "tikz", "--out", tmp_path / "b.tex", "--style", "slabs")
    assert "{dense 4096}" in (tmp_path / "a.tex").read_text("utf-8")
    assert (tmp_path / "a.tex").read_bytes() == (tmp_path / "b.tex").read_bytes()
    assert command("render", "alexnet", "--out", tmp_path / "a.svg", "--style", "cubes").status == 2


def test_render_paints(command, tmp_path):
    pytest.importorskip("PySide6.QtSvg")
    svg = command("render", "lenet5", "--out", tmp_path / "a.svg", "--json").json["size"]
    png = command("render", "lenet5", "--out", tmp_path / "a.png", "--json", "--scale", 0.5).json["size"]
    assert png == [round(svg[0] / 2), round(svg[1] / 2)]
    assert (tmp_path / "a.png").read_bytes()[16:24] == bytes.fromhex(f"{png[0]:08x}{png[1]:08x}")
    pdf = command("render", "lenet5", "--out", tmp_path / "a.pdf", "--json").json["size"]
    assert pdf == [round(svg[0] * 0.75), round(svg[1] * 0.75)]
    assert (tmp_path / "a.pdf").read_bytes()[:5] == b"%PDF-"


def test_without_qt_png_is_refused_and_svg_is_not(command, tmp_path, monkeypatch):
    def missing(name):
        raise ImportError("libGL.so.1: cannot open shared object file")

    monkeypatch.setattr(importlib, "import_module", missing)
    from guibuilder.command_line import pictures

    with pytest.raises(Exception, match="does not load here"):
        pictures.write_picture(template("mlp").network, tmp_path / "a.png")
    pictures.write_picture(template("mlp").network, tmp_path / "a.svg")


def test_render_refuses_other_endings_and_draws_what_is_broken(command, tmp_path):
    assert command("render", "lenet5", "--out", tmp_path / "a.jpg").status == 2
    assert command("render", "lenet5", "--out", tmp_path / "missing" / "a.svg").status == 3
    network = template("lenet5").network
    save_file(Project(network.change(network.names["C3"], kernel=15)), tmp_path / "a.json")
    assert command("render", tmp_path / "a.json", "--out", tmp_path / "a.svg").status == 0
    assert "needs 15×15" in (tmp_path / "a.svg").read_text(encoding="utf-8")


def test_layers_that_share_a_place_are_laid_out():
    network = template("mlp").network
    assert arranged(network) is network
    heaped = network.move(dict.fromkeys(network.nodes, (0.0, 0.0)))
    assert arranged(heaped) == network
