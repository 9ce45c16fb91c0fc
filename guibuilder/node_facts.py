"""The arithmetic of a layer in lines: shapes in and out with the formula."""

from dataclasses import dataclass
from html import escape

from core.graph.goals import goals_of
from core.graph.network import Node
from core.graph.shapes import Inference
from core.layers.base import describe


@dataclass(frozen=True)
class Line:
    """One line of a block; `role` is the colour of the theme, `html` may hold links to layers.

    `why` says where a number comes from, for those who ask.
    """

    html: str
    role: str = "text"
    why: str = ""


def shape_lines(inference: Inference, node: Node) -> list[Line]:
    """What comes in and from where, how the size follows, what comes out."""
    network = inference.network
    lines = []
    for source in network.inputs_of(node.id).values():
        name = escape(network.nodes[source].name)
        lines.append(Line(f'in {describe(inference.shapes.get(source))} from <a href="{escape(source)}">{name}</a>'))
    if node.layer.ports[0] > len(lines):
        lines.append(Line("in nothing yet", "error"))
    errors = [problem for problem in inference.problems_of(node.id) if problem.severity == "error"]
    gets = inference.inputs.get(node.id)
    shape = inference.shapes.get(node.id)
    if shape is not None and gets is not None and not node.layer.bypassed:
        formula = node.layer.shape_formula(*gets) if gets else ""
        lines += [Line(escape(part), "accent") for part in formula.splitlines()]
    lines += [Line(escape(part), "error") for problem in errors for part in problem.formula.splitlines()]
    if shape is not None:
        lines.append(Line(f"out {describe(shape)}" + (" (passed through)" if node.layer.bypassed else "")))
    elif errors and gets is None:
        lines.append(Line("out ? (needs an input first)", "soft"))
    elif errors:
        lines.append(Line("out does not fit", "error"))
    else:
        lines.append(Line("out ? (waits for the layers before it)", "soft"))
    return lines + _output_lines(inference, node)


def _output_lines(inference: Inference, node: Node) -> list[Line]:
    """What an output counts in the loss, where there are several; inside a block nobody knows."""
    if inference.given is not None or not inference.runs or node.id in inference.network.outgoing:
        return []
    goals = goals_of(inference.network)
    found = [goal for goal in goals if goal.id == node.id] if len(goals) > 1 else []
    return [Line(f"{'main' if goal.main else 'auxiliary'} output, its loss counts × {goal.weight:g}", "soft")
            for goal in found]
