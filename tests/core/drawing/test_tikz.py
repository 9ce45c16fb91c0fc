"""TikZ: well-formed, everything in it, nothing that TeX would take for a command; compiled where LaTeX is there."""

import re
import shutil
import subprocess
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.drawing.tikz import escaped, tikz
from core.graph.arrange import arrange
from core.graph.network import Network, Node
from core.layers.unknown import Unknown
from core.templates import template
from tests.core.networks import every_layer

_COMMANDS = {
    "documentclass", "usepackage", "definecolor", "begin", "end", "draw", "filldraw", "fill", "clip", "node",
    "sffamily", "ttfamily", "bfseries", "fontsize", "selectfont", "times", "cdot", "to", "surd", "Sigma", "leq",
    "geq", "dots", "frac", "alpha", "beta", "gamma", "varepsilon", "eta", "lambda", "mu", "sigma", "mbox",
    "textbackslash", "textasciicircum", "textasciitilde", "textless", "textgreater", "textquotedbl", "textbar",
    "textasciigrave", "textquotesingle"}


def check(source):
    """Braces, groups and brackets that close, and none but known commands."""
    source = re.sub(r"(?m)^%.*$", "", source)
    assert set(re.findall(r"\\([A-Za-z]+)", source)) <= _COMMANDS
    depth = 0
    for letter in re.sub(r"\\[^A-Za-z]", "", source):
        depth += {"{": 1, "}": -1}.get(letter, 0)
        assert depth >= 0
    assert depth == 0
    assert re.sub(r"\\.", "", source).count("$") % 2 == 0
    opened = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", source):
        if kind == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert not opened


@pytest.mark.parametrize("network", [template("lenet5").network, template("resnet-small").network, every_layer(),
                                     template("googlenet-small").network, Network()], ids=lambda each: each.name)
def test_everything_is_in_it(network):
    network = network.move(arrange(network))
    source = tikz(network)
    check(source)
    assert source.count(r"\begin{scope}[shift") == len(network.nodes)
    assert source.count(r"line cap=round") == len(network.edges)
    assert not re.search(r"[^\x00-\x7f]", source)


def test_a_lenet_names_its_layers_and_sizes():
    source = tikz(template("lenet5").network)
    for part in ("{C3}", "{Conv2D}", r"{16 of 5$\times$5, stride 1}", r"{16$\times$10$\times$10}", "{2,416}"):
        assert part in source


@given(st.text(max_size=40))
def test_any_text_stays_text(text):
    check(escaped(text))
    node = Node("a", Unknown(name="Novelty"), text or "a")
    check(tikz(Network().add(node)))


def test_names_of_other_alphabets_and_bypassed_layers():
    network = template("lenet5").network
    key = network.names["C1"]
    network = network.put(replace(network.nodes[key], name="Größe 层"))
    assert "{Größe ?}" in tikz(network.change(key, bypassed=True))
    assert "opacity=0.45" in tikz(network.change(key, bypassed=True))


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="needs pdflatex")
def test_latex_compiles_it(tmp_path):
    (tmp_path / "a.tex").write_text(tikz(every_layer()), "utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "a.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
