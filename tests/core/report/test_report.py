"""The report: everything in it, proper HTML, nothing from outside, nothing that a name could inject."""

from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given, settings

from core.formats import save_file
from core.graph.network import Network, Node
from core.layers.unknown import Unknown
from core.project import Project
from core.report.pictures import filter_sheet
from core.report.plots import curves
from core.report.report import Results, html_report
from core.templates import template
from core.train.events import EpochDone
from tests.core.export.hostile_names import hostile, renamed
from tests.core.networks import every_layer

_VOID = {"meta", "img", "br"}
_ALLOWED = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "div", "table", "tr", "th", "td", "pre",
            "img", "svg", "g", "rect", "path", "text", "circle", "desc", "line", "polyline", "tspan", "ellipse"}
HISTORY = tuple(EpochDone(number, 2 / number, 1 - 0.5 / number, 2.5 / number, 1 - 0.6 / number, 1.5)
                for number in range(1, 8))


class Page(HTMLParser):
    """Collects texts and checks that elements close and refer to nothing outside."""

    def __init__(self, source):
        super().__init__()
        self.open, self.texts, self.seen = [], [], []
        self.feed(source)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        assert tag in _ALLOWED, tag
        self.seen.append(tag)
        if tag not in _VOID:
            self.open.append(tag)
        for name, value in attributes:
            assert not name.startswith("on")
            assert name not in ("href", "xlink:href", "srcset", "action")
            assert name != "src" or value.startswith("data:image/png;base64,")
            assert name == "src" or "url(" not in (value or "")

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.texts.append(data)


def test_everything_is_on_the_page():
    project = replace(template("lenet5"), history=HISTORY, notes="Mind the <gap> & more")
    confusion = np.diag(np.arange(10))
    source = html_report(project, Results("digits28", 0.125, 0.9875, confusion, tuple("abcdefghij")))
    page = Page(source)
    said = "\n".join(page.texts)
    for part in ("LeNet-5", "61,706 parameters", "(5·5·1 + 1)·6 = 156", "(32 − 5)/1 + 1 = 28", "16×10×10",
                 "On the 45 test pictures of digits28: loss 0.1250, accuracy 98.75%.", "Learning rate", "0.002",
                 "Mind the <gap> & more", "numpy", "7 epochs in 10.5 s", "Seed"):
        assert part in said, part
    assert page.seen.count("polyline") == 4
    assert page.seen.count("img") == 2
    assert "http" not in source.replace("http-equiv", "")
    assert html_report(project) == html_report(project)


@pytest.mark.parametrize("project", [
    Project(), template("mlp"), Project(every_layer()), template("googlenet-small"),
    Project(Network().add(Node("a", Unknown(name="Novelty"), "U"))),
    replace(template("mlp"), history=(EpochDone(1, 2.0, None, None, None, 1.0),))], ids=range(6))
def test_any_project_has_a_report(project):
    Page(html_report(project))


@given(names=hostile, title=hostile, notes=hostile)
@settings(max_examples=15)
def test_no_text_becomes_markup(names, title, notes):
    project = replace(renamed([names, "B", "C", "D"] if names not in "BCD" else ["A", "B", "C", "D"], title, [notes]),
                      notes=notes)
    Page(html_report(project, Results(title, 1.0, 0.5, np.ones((1, 1)), (notes,))))


def test_curves_and_filters():
    assert curves("Loss", {"training": []}) == ""
    assert curves("Loss", {"training": [(1, None), (2, float("nan"))]}) == ""
    assert "circle" in curves("Loss", {"training": [(1, 0.5)]})
    assert "data:image/png" in filter_sheet(np.zeros((70, 3, 5, 5)), "C1")
    assert "data:image/png" in filter_sheet(np.ones((3, 2, 1, 4)), "C1")


def test_the_format_writes_it(tmp_path):
    save_file(template("lenet5"), tmp_path / "a.html")
    assert (tmp_path / "a.html").read_text("utf-8") == html_report(template("lenet5"))
