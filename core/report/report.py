"""The report of a project: diagram, table of layers with their arithmetic, curves, results, filters, settings."""

import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from core.drawing.markup import element, escaped
from core.drawing.svg import draw
from core.graph.arrange import arrange
from core.graph.cost import cost
from core.graph.network import Network
from core.graph.shapes import infer
from core.layers.base import Array, describe
from core.project import Project, complete_weights
from core.report.pictures import filter_sheet
from core.report.plots import curves
from core.settings import settings_of
from core.train.options import TrainOptions, why_idle
from core.version import VERSION

# Larger tables of who is taken for whom are left out.
MOST_CLASSES = 40
MOST_SHEETS = 3
_LIBRARIES = ("numpy", "numba", "onnx", "safetensors")
_STYLE = """
body { font: 15px/1.5 Inter, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif; color: #1B2430; background: #FFFFFF;
       font-feature-settings: 'calt' 0; /* printed, Inter's × between digits would be no letter */
       margin: 2em auto; max-width: 1100px; padding: 0 1.5em; }
h1 { font-size: 1.7em; margin: 0; } h2 { font-size: 1.2em; margin: 2em 0 .5em; } p.soft, td.soft { color: #566375; }
table { border-collapse: collapse; font-size: .9em; }
td, th { padding: .25em .7em; text-align: left; vertical-align: top; border-bottom: 1px solid #D9DEE5;
         white-space: pre-line; }
td.n, th.n { text-align: right; }
table.confusion td { text-align: right; padding: .2em .5em; }
.wide { overflow-x: auto; } img { image-rendering: pixelated; } pre { white-space: pre-wrap; font: inherit; }
@media print { body { margin: 0; max-width: none; } .wide > svg { max-width: 100%; height: auto; } }
"""
_NOTHING_FROM_OUTSIDE = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


@dataclass(frozen=True, eq=False)
class Results:
    """What was measured on the test part: loss per picture, accuracy 0…1, counts (rows true, columns predicted)."""

    source: str
    loss: float
    accuracy: float
    confusion: Array
    classes: tuple[str, ...]


def html_report(project: Project, results: Results | None = None) -> str:
    """The whole page; the same project gives the same page. Networks with problems have a report as well."""
    inference = infer(project.network)
    costs = cost(inference)
    figures = "The network cannot run yet." if inference.errors else \
        f"{len(inference.flat.shapes):,} layers · {costs.parameters:,} parameters · {costs.macs:,} multiply-adds"
    name = project.network.name or "Network"
    sections = [
        element("h1", escaped(name)), element("p", escaped(figures), class_="soft"),
        *[element("p", escaped(problem.sentence())) for problem in inference.errors],
        _section("Diagram", element("div", _diagram(project.network), class_="wide")),
        _section("Layers", element("div", _layers(project), class_="wide")),
        _section("Training", _curves(project) + _last_epoch(project)),
        _section("Result", _results(results)), _section("Filters", _filters(project)),
        _section("Settings", _settings(project)),
        _section("Notes", element("pre", escaped(project.notes)) if project.notes.strip() else ""),
        _section("Versions", _versions())]
    head = "".join([
        '<meta charset="utf-8">', f'<meta http-equiv="Content-Security-Policy" content="{_NOTHING_FROM_OUTSIDE}">',
        '<meta name="viewport" content="width=device-width">', element("title", escaped(name)),
        element("style", _STYLE)])
    return f'<!DOCTYPE html>\n<html lang="en">\n<head>{head}</head>\n<body>\n' \
        + "\n".join(part for part in sections if part) + "\n</body>\n</html>\n"


def _section(title: str, content: str) -> str:
    return element("h2", escaped(title)) + "\n" + content if content else ""


def _table(head: list[str], rows: list[list[str]], numbers: tuple[int, ...] = (), **attributes: str) -> str:
    """A table of texts; columns `numbers` stand at the right."""
    def cell(kind: str, column: int, content: str) -> str:
        look = {"class_": "n"} if column in numbers else {}
        return element(kind, escaped(content) or " ", **look)

    lines = [element("tr", "".join(cell("th", number, each) for number, each in enumerate(head)))] if head else []
    lines += [element("tr", "".join(cell("td", number, each) for number, each in enumerate(row))) for row in rows]
    return element("table", "\n".join(lines), **attributes)


def _diagram(network: Network) -> str:
    places = {node.position for node in network.nodes.values()}
    if len(places) < len(network.nodes):
        network = network.move(arrange(network))
    return draw(network, caption=False).svg.replace(' xmlns="http://www.w3.org/2000/svg"', "", 1)


def _layers(project: Project) -> str:
    inference = infer(project.network).flat
    costs, rows = cost(inference), []
    for key in inference.network.order:
        node, gets = inference.network.nodes[key], inference.inputs.get(key)
        counted = costs.layers.get(key)
        known = gets is not None and not node.layer.bypassed and inference.shapes.get(key) is not None
        said = "bypassed" if node.layer.bypassed else node.layer.short() + (", frozen" if node.layer.frozen else "")
        field = counted.receptive_field if counted else None
        rows.append([node.name, node.type, said, describe(inference.shapes.get(key)),
                     node.layer.shape_formula(*gets) if known and gets else "",
                     f"{counted.parameters:,}" if counted else "",
                     node.layer.parameter_formula(*gets) if known and gets else "",
                     f"{counted.macs:,}" if counted else "", describe(field.size) if field else ""])
    head = ["Layer", "Type", "Settings", "Output", "Its size", "Parameters", "Their number", "Multiply-adds", "Sees"]
    return _table(head, rows, (5, 7))


def _curves(project: Project) -> str:
    history = project.history
    return "".join(curves(title, {
        "training": [(epoch.epoch, getattr(epoch, f"train_{what}")) for epoch in history],
        "validation": [(epoch.epoch, getattr(epoch, f"validation_{what}")) for epoch in history]})
        for title, what in (("Loss", "loss"), ("Accuracy", "accuracy")))


def _last_epoch(project: Project) -> str:
    if not project.history:
        return element("p", "The network has not been trained yet.", class_="soft")
    last, seconds = project.history[-1], sum(epoch.seconds for epoch in project.history)
    parts = [f"{last.epoch:,} epochs in {seconds:,.1f} s", f"training loss {last.train_loss:.4f}"]
    parts += [f"training accuracy {last.train_accuracy:.2%}"] if last.train_accuracy is not None else []
    parts += [f"validation loss {last.validation_loss:.4f}"] if last.validation_loss is not None else []
    parts += [f"validation accuracy {last.validation_accuracy:.2%}"] if last.validation_accuracy is not None else []
    return element("p", escaped(" · ".join(parts)))


def _results(results: Results | None) -> str:
    if results is None:
        return ""
    said = (f"On the {int(results.confusion.sum()):,} test pictures of {results.source}: loss {results.loss:.4f}, "
            f"accuracy {results.accuracy:.2%}.")
    if len(results.classes) > MOST_CLASSES:
        return element("p", escaped(said))
    head = ["true ↓  predicted →", *results.classes]
    rows = [[name, *(f"{int(count):,}" for count in counts)]
            for name, counts in zip(results.classes, results.confusion, strict=True)]
    return element("p", escaped(said)) + element("div", _table(head, rows, class_="confusion"), class_="wide")


def _filters(project: Project) -> str:
    inference = infer(project.network)
    if inference.errors:
        return ""
    weights, flat = complete_weights(project), inference.flat.network
    found = [(flat.nodes[key].name, weights[f"{flat.nodes[key].name}.weight"]) for key in flat.order
             if flat.nodes[key].type == "Conv2D" and not flat.nodes[key].layer.bypassed
             and max(weights[f"{flat.nodes[key].name}.weight"].shape[2:]) > 1]
    return "".join(element("p", escaped(f"{name}: {describe(array.shape)}")) + filter_sheet(array, name)
                   for name, array in found[:MOST_SHEETS] if np.isfinite(array).all())


def _settings(project: Project) -> str:
    options, data = project.options, project.data
    rows = [[declared.label, _said(getattr(options, name))] for name, declared in settings_of(TrainOptions).items()
            if not why_idle(options, name)]
    rows += [[declared.label, _said(getattr(data, name))] for name, declared in settings_of(type(data)).items()
             if data.augments or name in ("source", "normalise")]
    return _table([], rows)


def _said(value: object) -> str:
    return {True: "yes", False: "no", None: "auto"}.get(value, str(value)) if isinstance(value, bool | None) \
        else str(value)


def _versions() -> str:
    found = [["guibuilder", VERSION], ["Python", platform.python_version()]]
    for name in _LIBRARIES:
        try:
            found.append([name, version(name)])
        except PackageNotFoundError:
            continue
    return _table([], found)
