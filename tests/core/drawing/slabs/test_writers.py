"""The slab figure as SVG and TikZ: well formed, texts kept, nothing taken for markup."""

import shutil
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from core.drawing.slabs.figure import figure
from core.drawing.slabs.svg import draw
from core.drawing.slabs.tikz import tikz
from core.drawing.styles import STYLES
from core.graph.network import Network
from core.templates import TEMPLATES, template
from tests.core.drawing.test_tikz import check
from tests.core.networks import every_layer

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '<script>alert(1)</script>&"\' ]]>'


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("dark", [False, True])
def test_every_template_is_well_formed_with_its_texts(name, dark):
    network = template(name).network
    picture = draw(network, dark=dark)
    root = ET.fromstring(picture.svg)
    assert [each.text for each in root.iter(f"{SVG}text")] == [label.text for label in figure(network).labels]
    assert (root.get("width"), root.get("height")) == tuple(root.get("viewBox").split()[2:])
    assert (picture.width, picture.height) == (round(float(root.get("width"))), round(float(root.get("height"))))
    assert root.findtext(f"{SVG}title") == TEMPLATES[name].title
    assert draw(network, dark=dark) == picture


def test_slabs_and_windows_are_all_drawn():
    drawn = figure(template("lenet5").network)
    root = ET.fromstring(draw(template("lenet5").network).svg)
    titles = [each.findtext(f"{SVG}title") for each in root.findall(f"{SVG}g") if each.find(f"{SVG}title") is not None]
    assert titles == [slab.about for slab in drawn.slabs]
    assert "Conv2D C1, 6 of 5×5, stride 1, output 6×28×28, ReLU A1" in titles
    assert len(list(root.iter(f"{SVG}circle"))) == len(drawn.windows)


def test_unknown_sizes_are_dashed_and_bypassed_layers_faint():
    network = template("lenet5").network
    broken = ET.fromstring(draw(network.change(network.names["C3"], kernel=15)).svg)
    assert [each.get("stroke-dasharray") for each in broken.findall(f"{SVG}g")].count("5 4") == 5
    bypassed = ET.fromstring(draw(network.change(network.names["S2"], bypassed=True)).svg)
    assert [each.get("opacity") for each in bypassed.findall(f"{SVG}g")].count("0.45") == 1
    assert "opacity=0.45" in tikz(network.change(network.names["S2"], bypassed=True))


def test_hostile_names_stay_text():
    network = template("mlp").network
    first = network.names["Hidden1"]
    nodes = {**network.nodes, first: replace(network.nodes[first], name=HOSTILE)}
    network = replace(network, name=HOSTILE, nodes=nodes)
    root = ET.fromstring(draw(network).svg)
    assert root.findtext(f"{SVG}title") == HOSTILE
    assert any(HOSTILE in (each.text or "") for each in root.iter(f"{SVG}title"))
    assert {each.tag.removeprefix(SVG) for each in root.iter()} <= {"svg", "g", "title", "desc", "rect", "path", "text",
                                                                    "circle"}
    check(tikz(network))
    texed = replace(network, nodes={**nodes, first: replace(nodes[first], name=r"\input{x} $% #1 ~^_")})
    check(tikz(texed))
    assert r"\textbackslash{}input\{x\}" in tikz(texed)


@pytest.mark.parametrize("network", [template("lenet5").network, template("alexnet").network, every_layer(), Network(),
                                     template("resnet-small").network, template("googlenet-small").network],
                         ids=lambda each: each.name)
def test_tikz_is_well_formed_and_complete(network):
    source, drawn = tikz(network), figure(network, caption=False)
    check(source)
    assert source.count(r"\node[") == len(drawn.labels)
    assert source.count("line join=round") >= 3 * len(drawn.slabs)
    assert source.count("fill opacity=0.35") == len(drawn.windows)
    assert not any(ord(letter) > 127 for letter in source)


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="needs pdflatex")
def test_latex_compiles_it(tmp_path):
    (tmp_path / "a.tex").write_text(tikz(every_layer()), "utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "a.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


def test_styles_differ_and_are_described():
    network = template("lenet5").network
    assert list(STYLES) == ["canvas", "slabs"]
    assert STYLES["canvas"].draw(network).svg != STYLES["slabs"].draw(network).svg
    assert STYLES["canvas"].tikz(network) != STYLES["slabs"].tikz(network)
    assert all(style.title and style.words and style.about.endswith(".") for style in STYLES.values())
