"""`model.py`: the network as modules, and where in the state_dict each of its arrays lies."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.export.layout import broken
from core.export.pytorch.classes import BlockClass, classes_of
from core.export.pytorch.form import Argument, Form, literal
from core.export.pytorch.forward import forward_lines, inputs_of, parameters_text
from core.export.pytorch.names import class_name
from core.export.pytorch.pieces import Code, Pieces, code_of
from core.export.pytorch.scope import Scope, Writing, paths
from core.graph.expand import SEPARATOR
from core.graph.goals import Goal, goals_of
from core.graph.network import Network
from core.graph.shapes import Inference, infer, running
from core.layers.base import describe

_OUR_OWN = ("Maxout", "APL", "Scale", "NoisyReLU", "L2Pool2d", "GaussianPool2d", "PaddedAvgPool2d")


@dataclass(frozen=True)
class WrittenModel:
    """The text of `model.py`, the name of its class, and its outputs, the main one first.

    `scores` says that forward can leave out the last Softmax. `places` has for each layer with arrays where they lie in
    the state_dict: "Block/C1" in "block.c1".
    """

    text: str
    name: str
    outputs: tuple[Goal, ...]
    scores: bool
    places: dict[str, str]


def write_model(network: Network, loss: str = "cross-entropy") -> WrittenModel:
    """A network that runs as the code of a module; NetworkError and FormatError where it cannot be."""
    running(network)
    inference = infer(network)
    goals = goals_of(network, loss)
    softmax = {goal.id for goal in goals if _ends_in_softmax(inference.flat, goal)}
    writing = Writing(inference, softmax, _around([goal.id for goal in goals]))
    whole = writing.whole()
    whole = replace(whole, outputs=tuple(writing.values[goal.id] for goal in goals))
    places = paths(whole)
    classes = classes_of(whole, _OUR_OWN)
    name = class_name(network.name)
    while name in {*_OUR_OWN, *(each.name for each in classes)}:
        name += "Net"
    parts = _helpers([whole, *(each.scopes[0] for each in classes)])
    parts += [code_of("\n".join(_block_lines(each))) for each in classes]
    parts.append(code_of("\n".join(_whole_lines(whole, name, inference.flat, goals, softmax))))
    text = Pieces(tuple(parts), _about(network, inference.flat)).text()
    return WrittenModel(text, name, goals, bool(softmax), places)


def places_of(network: Network) -> dict[str, str]:
    """Where the arrays of each layer lie in the state_dict of the exported module; nothing where it cannot run."""
    inference = infer(network)
    if not inference.runs:
        return {}
    goals = goals_of(network)
    return paths(Writing(inference, (), _around([goal.id for goal in goals])).whole())


def state_names(network: Network) -> dict[str, str]:
    """{name of an array here: its name in the state_dict} for all arrays of layers that are not bypassed."""
    places, flat = places_of(network), infer(network).flat
    return {f"{node.name}.{array}": f"{places[node.name]}.{array}"
            for node, gets in ((flat.network.nodes[key], gets) for key, gets in flat.inputs.items())
            if node.name in places for array in node.layer.arrays(*gets)}


def _ends_in_softmax(flat: Inference, goal: Goal) -> bool:
    """Whether cross-entropy takes the output without the Softmax at its end."""
    node = flat.network.nodes[goal.id]
    return goal.loss == "cross-entropy" and node.type == "Softmax" and not node.layer.bypassed


def _around(ids: Sequence[str]) -> set[str]:
    """The ids of all blocks around these layers; they are written out in place, so that outputs can be reached."""
    found = set()
    for key in ids:
        parts = key.split(SEPARATOR)
        found |= {SEPARATOR.join(parts[:count]) for count in range(1, len(parts))}
    return found


def _helpers(scopes: Sequence[Scope]) -> list[Code]:
    """The classes that PyTorch lacks, as far as they are used."""
    names = dict.fromkeys(call.form.helper for scope in scopes for call in scope.calls if call.form.helper)
    return [Code.read("pytorch", f"{name}.py") for name in sorted(names)]


def _about(network: Network, flat: Inference) -> str:
    title = "".join(letter for letter in network.name if letter.isalnum() or letter in " -_.,+()").strip()
    return f'"""{title or "A network"} in PyTorch, as drawn in guibuilder."""'


def _block_lines(made: BlockClass) -> list[str]:
    scope = made.scopes[0]
    lines, outputs = forward_lines(scope)
    return [f"class {made.name}(nn.Module):",
            *broken(f"    def __init__({parameters_text(list(made.parameters))}):"), *_making(scope), "",
            f"    def forward({parameters_text(inputs_of(scope))}):", *_ended(lines, outputs)]


def _whole_lines(scope: Scope, name: str, flat: Inference, goals: Sequence[Goal], softmax: set[str]) -> list[str]:
    lines, outputs = forward_lines(scope)
    names = inputs_of(scope)
    given = [*names, *(["scores=False"] if softmax else [])]
    return [f"class {name}(nn.Module):", *_docstring(scope, flat, goals, softmax), "",
            "    def __init__(self):", *_making(scope), "", f"    def forward({parameters_text(given)}):",
            *_whole_end(lines, outputs, [goal.id in softmax for goal in goals])]


def _whole_end(lines: list[str], outputs: list[str], softmax: list[bool]) -> list[str]:
    """The last lines: without a Softmax for the loss, with it for use."""
    if not any(softmax):
        return _ended(lines, outputs)
    if len(outputs) == 1:
        return [*lines, "        if scores:", f"            return {outputs[0]}",
                f"        return torch.softmax({outputs[0]}, dim=1)"]
    made = [f"            {name} = torch.softmax({name}, dim=1)" for name, ends in zip(outputs, softmax, strict=True)
            if ends]
    return [*lines, "        if not scores:", *made, f"        return {', '.join(outputs)}"]


def _ended(lines: list[str], outputs: list[str]) -> list[str]:
    """`y = …` and `return y` in one line where that is short enough."""
    front = f"        {outputs[0]} = "
    if len(outputs) == 1 and lines and lines[-1].startswith(front):
        return [*lines[:-1], f"        return {lines[-1][len(front):]}"]
    return [*lines, f"        return {', '.join(outputs)}"]


def _making(scope: Scope) -> list[str]:
    lines = ["        super().__init__()"]
    for call in scope.calls:
        if call.form.module:
            lines += broken(f"        self.{call.attribute} = {_constructor(call.form)}")
        if call.frozen:
            lines.append(f"        self.{call.attribute}.requires_grad_(False)")
    return lines


def _constructor(form: Form) -> str:
    shown = [each for each in form.arguments if not _is_default(each)]
    inner = ", ".join(f"{each.keyword}={literal(each.value)}" if each.keyword else literal(each.value)
                      for each in shown)
    return f"{form.module}({inner})"


def _is_default(argument: Argument) -> bool:
    return type(argument.value) is type(argument.default) and argument.value == argument.default


def _docstring(scope: Scope, flat: Inference, goals: Sequence[Goal], softmax: set[str]) -> list[str]:
    """What goes in and what comes out."""
    nodes = {node.name: node for node in flat.network.nodes.values()}
    sizes = [describe((*flat.shapes[nodes[name].id],)) for name in scope.inputs]  # type: ignore[misc]
    takes = "Takes " + " and ".join(f"N×{size}" for size in sizes)
    gives = [f"N×{describe(flat.shapes[goal.id])}" + (" probabilities" if goal.id in softmax else "") for goal in goals]
    first = f"{takes}, gives {' and '.join(gives)}."
    more = ["", "    With scores=True the last softmax is left out, as cross-entropy wants it."] if softmax else []
    if len(goals) > 1:
        more = ["", "    The main output comes first; the others only help the training.", *more[1:]]
    return [f'    """{first}', *more, '    """'] if more else [f'    """{first}"""']
