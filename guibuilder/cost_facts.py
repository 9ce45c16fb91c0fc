"""What a layer costs, in lines that each say where their number comes from."""

from collections.abc import Sequence
from html import escape

from core.graph.block import Block, is_port
from core.graph.cost import Cost, LayerCost, ReceptiveField
from core.graph.network import Node
from core.graph.shapes import Inference
from core.layers.base import Shape, describe
from guibuilder.node_facts import Line
from guibuilder.words import bytes_text, plural

_PARAMETERS = ("Parameters are the trained numbers. Of a convolution: (height · width · channels of a filter + 1 bias) "
               "· filters; they are the same at every place of the picture.")
_NOTHING = "This layer has no weights to learn."
_FORWARD = "For one picture: every output number costs one multiply-add for each weight it reads (outputs · weights)."
_FIELD = ("The part of the input that one unit sees. Every window adds (its reach − 1) · jump to the size, and "
          "multiplies the jump by its stride; the first centre is that of the first unit, in pixels from the middle of "
          "the first pixel.")
_MEMORY = "4 bytes for each number that comes out. Training keeps as much again for the gradient, where it has one."


def cost_lines(inference: Inference, cost: Cost, nodes: Sequence[Node], batch: int = 64) -> list[Line]:
    """Parameters with their arithmetic, multiply-adds, receptive field, memory; sums where several are selected."""
    known = [cost.layers[node.id] for node in nodes if node.id in cost.layers]
    if len(nodes) > 1:
        unknown = len(nodes) - len(known)
        return [Line(plural(sum(each.parameters for each in known), "parameter")),
                Line(plural(sum(each.macs for each in known), "multiply-add")),
                Line(f"{sum(each.macs_backward for each in known):,} on the way back"),
                *([Line(f"{plural(unknown, 'layer')} not counted yet", "soft")] if unknown else [])]
    node = nodes[0]
    if is_port(node):
        return [Line("costs nothing", "soft")]
    lines = [_parameters(inference, node)]
    if isinstance(node.layer, Block):
        lines = [Line(plural(known[0].parameters, "parameter"))] if known else [Line("parameters unknown", "soft")]
    if not known:
        return [*lines, Line("multiply-adds unknown", "soft"), Line("receptive field unknown", "soft")]
    shape, gets = inference.shapes.get(node.id), inference.inputs.get(node.id)
    lines += _multiply_adds(node, gets, shape, known[0])
    lines += _seen(known[0])
    each = known[0].activation_bytes
    lines.append(Line(f"{bytes_text(each)} per picture", why=_MEMORY))
    lines.append(Line(f"{bytes_text(each * batch)} for a batch of {batch:,}", "soft"))
    return lines


def macs_formula(node: Node, gets: tuple[Shape, ...] | None, shape: Shape | None, macs: int) -> str:
    """The arithmetic of the multiply-adds: "6·28·28 · 5·5·1 = 117,600"; empty where there are none."""
    if not macs or not shape or not gets:
        return ""
    outputs = 1
    for length in shape:
        outputs *= length
    each, window = macs // outputs, node.layer.window()
    weights = f"{each:,}"
    if window is not None and each % (window.kernel[0] * window.kernel[1]) == 0:
        weights = f"{window.kernel[0]}·{window.kernel[1]}·{each // (window.kernel[0] * window.kernel[1])}"
    return f"{'·'.join(str(length) for length in shape)} · {weights} = {macs:,}"


def backward_why(known: LayerCost) -> str:
    """How the multiply-adds of the way back come about."""
    if not known.macs:
        return "Nothing is multiplied here on the way back either."
    weights = (f"gradient of the weights {known.macs_weights:,}, as many as forward" if known.macs_weights
               else "no gradient of the weights, for they are frozen")
    inputs = (f"gradient of the input {known.macs_inputs:,}, as many again" if known.macs_inputs
              else "none for the input, for nothing before it learns")
    return f"For one picture: {weights}; {inputs}."


def field_words(known: LayerCost) -> str:
    """"5×5", "3×3 to 7×7" where branches meet, or "the whole picture" behind Flatten."""
    most, least = known.receptive_field, known.receptive_field_smallest
    if most is None or least is None:
        return "the whole picture"
    return describe(most.size) if most == least else f"{describe(least.size)} to {describe(most.size)}"


def _multiply_adds(node: Node, gets: tuple[Shape, ...] | None, shape: Shape | None, known: LayerCost) -> list[Line]:
    formula = "" if node.layer.bypassed else macs_formula(node, gets, shape, known.macs)
    if not formula:
        return [Line(plural(known.macs, "multiply-add"), why=_FORWARD)]
    return [Line(f"{escape(formula)} multiply-adds", why=_FORWARD),
            Line(f"{known.macs_backward:,} on the way back", why=backward_why(known))]


def _parameters(inference: Inference, node: Node) -> Line:
    gets = inference.inputs.get(node.id)
    if gets is None:
        return Line("parameters unknown", "soft")
    formula = "" if node.layer.bypassed else node.layer.parameter_formula(*gets)
    if not formula:
        count = sum(spec.size for spec in node.layer.arrays(*gets).values() if spec.trained)
        count = 0 if node.layer.bypassed else count
        return Line(plural(count, "parameter"), why=_PARAMETERS if count else _NOTHING)
    word = "parameter" if formula.endswith(" = 1") else "parameters"
    return Line(f"{escape(formula)} {word}" + (", frozen" if node.layer.frozen else ""), why=_PARAMETERS)


def _seen(known: LayerCost) -> list[Line]:
    field = known.receptive_field
    if field is None:
        return [Line("receptive field: the whole picture", why="Every output is reached from every pixel.")]
    return [Line(f"receptive field {field_words(known)}", why=_FIELD), Line(_steps(field), "soft")]


def _steps(field: ReceptiveField) -> str:
    """"jump 2, first centre 2.5"."""
    jump = str(field.jump[0]) if field.jump[0] == field.jump[1] else describe(field.jump)
    start = f"{field.start[0]:g}" if field.start[0] == field.start[1] else f"{field.start[0]:g}, {field.start[1]:g}"
    return f"jump {jump}, first centre {start}".replace("-", "−")
