"""The arithmetic of a layer in lines: shapes in and out with the formula, parameters, multiply-adds, what it sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from core.graph.block import Block, is_port
from core.graph.cost import Cost, ReceptiveField
from core.graph.goals import goals_of
from core.graph.network import Node
from core.graph.shapes import Inference
from core.layers.base import describe
from guibuilder.words import bytes_text, plural


@dataclass(frozen=True)
class Line:
    """One line of a block; `role` is the colour of the theme, `html` may hold links to layers."""

    html: str
    role: str = "text"


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


def cost_lines(inference: Inference, cost: Cost, nodes: Sequence[Node]) -> list[Line]:
    """Parameters with their arithmetic, multiply-adds, receptive field, memory; sums where several are selected."""
    known = [cost.layers[node.id] for node in nodes if node.id in cost.layers]
    if len(nodes) > 1:
        unknown = len(nodes) - len(known)
        return [Line(plural(sum(each.parameters for each in known), "parameter")),
                Line(plural(sum(each.macs for each in known), "multiply-add")),
                *([Line(f"{plural(unknown, 'layer')} not counted yet", "soft")] if unknown else [])]
    node = nodes[0]
    lines = [_parameters(inference, node)]
    if is_port(node):
        return [Line("costs nothing", "soft")]
    if isinstance(node.layer, Block):
        lines = [Line(plural(known[0].parameters, "parameter"))] if known else [Line("parameters unknown", "soft")]
    if not known:
        return [*lines, Line("multiply-adds unknown", "soft"), Line("receptive field unknown", "soft")]
    lines.append(Line(plural(known[0].macs, "multiply-add")))
    lines += _seen(known[0].receptive_field)
    lines.append(Line(f"{bytes_text(known[0].activation_bytes)} per picture"))
    return lines


def _parameters(inference: Inference, node: Node) -> Line:
    gets = inference.inputs.get(node.id)
    if gets is None:
        return Line("parameters unknown", "soft")
    formula = "" if node.layer.bypassed else node.layer.parameter_formula(*gets)
    if not formula:
        count = sum(spec.size for spec in node.layer.arrays(*gets).values() if spec.trained)
        return Line(plural(0 if node.layer.bypassed else count, "parameter"))
    word = "parameter" if formula.endswith(" = 1") else "parameters"
    return Line(f"{escape(formula)} {word}" + (", frozen" if node.layer.frozen else ""))


def _seen(field: ReceptiveField | None) -> list[Line]:
    if field is None:
        return [Line("receptive field: the whole picture")]
    return [Line(f"receptive field {field.size[0]}×{field.size[1]}")]
