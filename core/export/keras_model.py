"""A network as a Keras 3 model that a Keras user would have written: the functional API, layers by name."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from core.export.keras_blocks import Function, Line, blockwise, functions_of, with_calls
from core.export.keras_layers import LAYERS, Part
from core.export.names import comment, identifiers
from core.export.numpy_script import called
from core.export.plan import Plan, Step, shape_of_input
from core.export.source import after_mark, pick
from core.graph.network import Node
from core.layers.base import Array, Shape, describe
from core.version import VERSION

_OWN, _FRAME = "keras_layers.py", "keras_frame.py"
_TAKEN = ("x", "inputs", "keras", "layers", "ops", "np", "sys", "Path", "build", "load", "save", "CLASSES", "WEIGHTS")


@dataclass(frozen=True)
class KerasModel:
    """The text of `model.py`, the arrays it loads, and the names of its layers: {id: name of what puts it out}."""

    code: str
    arrays: Mapping[str, Array]
    names: Mapping[str, str]


def keras_model(plan: Plan) -> KerasModel:
    """The model of a plan; pictures are height × width × channels, as Keras likes them."""
    plan = blockwise(plan)
    writing = _Writing(plan)
    functions = functions_of(plan, writing.lines, _TAKEN)
    own = sorted({part.kind for parts in writing.parts.values() for part in parts if part.own})
    code = "\n\n\n".join([_head(plan, own=bool(own)), *pick(_OWN, own), *(_function(plan, each) for each in functions),
                          writing.build(functions), after_mark(_FRAME).rstrip("\n")])
    return KerasModel(code + "\n", writing.arrays, writing.names)


def channels_last(shape: Shape) -> Shape:
    """A shape of ours as Keras has it: (height, width, channels)."""
    return (*shape[1:], shape[0]) if len(shape) == 3 else shape


def _head(plan: Plan, *, own: bool) -> str:
    shapes = " and ".join(describe(channels_last(shape_of_input(node))) for node in plan.inputs)
    imports = ["import sys", "from pathlib import Path", "", "import keras", "import numpy as np",
               f"from keras import layers{', ops' if own else ''}"]
    return "\n".join([
        f"# {comment(plan.network.name)}", "#",
        f"# Written by guibuilder {VERSION} for Keras 3 (TensorFlow, JAX or PyTorch below it); pictures are {shapes}",
        "# (height × width × channels), from 0 (black) to 1 (white).", "",
        *imports, "", f"CLASSES = {list(plan.classes)!r}",
        'WEIGHTS = Path(__file__).with_name("weights.npz")', 'keras.config.set_image_data_format("channels_last")'])


def _function(plan: Plan, function: Function) -> str:
    """A block that there is several times."""
    first, inside = function.uses[0], function.inside
    source = replace(plan.network.nodes[first.source], name="inputs")
    part = Plan(plan.network, (source,), inside, (first.exit,))
    taken = (*_TAKEN, *function.parameters, "name", "inputs")
    variables = _chosen(part, {source.id: "inputs"} | _variables(part.steps, taken))
    lines = function.head()
    for step in inside[:-1]:
        lines += _written(step, function.lines[step.node.id], variables)
    last = inside[-1]
    if last.node.id == first.exit:
        return "\n".join([*lines, *_written(last, function.lines[last.node.id], variables, "return ")])
    lines += _written(last, function.lines[last.node.id], variables)
    return "\n".join([*lines, f"    return {variables[first.exit]}"])


class _Writing:
    """Collects names, parts, lines and arrays of all layers."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.parts = {step.node.id: list(LAYERS[step.type](step)) for step in plan.steps}
        everything = [*plan.inputs, *(step.node for step in plan.steps)]
        self._words = identifiers([node.name for node in everything], ("normalise", *_extra(plan)))
        self.names = {node.id: self._words[node.name] for node in everything}
        self._used = set(self.names.values())
        self.arrays: dict[str, Array] = {}
        self.lines = {step.node.id: tuple(self._line(step, part) for part in self.parts[step.node.id])
                      for step in plan.steps}

    def build(self, functions: Sequence[Function]) -> str:
        """The function `build`."""
        plan, calls = with_calls(self._plan, functions)
        taken = (*_TAKEN, *(each.name for each in functions))
        own = _variables([*plan.inputs, *plan.steps], taken)
        variables = _chosen(plan, own)
        lines = ["def build():", '    """The network with fresh weights; `load` fills them in."""']
        entries = []
        for node in plan.inputs:
            entry = own[node.id] if len(plan.inputs) > 1 else "inputs"
            entries.append(entry)
            shape = channels_last(shape_of_input(node))
            lines.append(f'    {entry} = layers.Input({shape!r}, name="{self.names[node.id]}")')
            lines += self._normalised(node.id, entry, variables[node.id])
        for step in plan.steps:
            call = calls.get(step.node.id)
            lines += _written(step, self.lines[step.node.id], variables) if call is None else \
                call(variables[step.node.id], variables[step.inputs[0]])
        ends = [variables[key] for key in plan.outputs]
        given, found = (each[0] if len(each) == 1 else f"[{', '.join(each)}]" for each in (entries, ends))
        return "\n".join([*lines, f'    return keras.Model({given}, {found}, name="{self._title()}")'])

    def _title(self) -> str:
        return re.sub(r"_+", "_", next(iter(identifiers([self._plan.network.name]).values())))

    def _normalised(self, key: str, entry: str, variable: str) -> list[str]:
        """(x − mean) / spread behind an Input, so that the model takes the same pictures as the program."""
        normal = self._plan.normalisation
        if not normal:
            return []
        mean, variance = list(normal.mean), [float(f"{spread ** 2:.12g}") for spread in normal.spread]
        if len(mean) == 1:
            arguments = [f"axis=None, mean={mean[0]!r}, variance={variance[0]!r}"]
        else:
            arguments = [f"mean={mean!r}", f"variance={variance!r}"]
        name = "normalise" if len(self._plan.inputs) == 1 else self._fresh(f"{self.names[key]}_normalise")
        self._used.add(name)
        return _call(f"{variable} = ", "layers.Normalization", [*arguments, f'name="{name}"'], entry)

    def _line(self, step: Step, part: Part) -> Line:
        base = self._words[step.name]
        name = self._fresh(f"{base}_{part.suffix}") if part.suffix else base
        self.arrays |= {f"{name}.{key}": array for key, array in (part.arrays or {}).items()}
        self.names[step.node.id] = name
        frozen = ["trainable=False"] if step.layer.frozen and part.arrays else []
        return Line(part.kind if part.own else f"layers.{part.kind}", (*part.arguments, *frozen), f'"{name}"')

    def _fresh(self, name: str) -> str:
        while name in self._used:
            name += "_"
        self._used.add(name)
        return name


def _variables(things: Sequence[Node | Step], taken: Sequence[str]) -> dict[str, str]:
    """A variable for each Input or step, by its id."""
    nodes = [thing.node if isinstance(thing, Step) else thing for thing in things]
    words = identifiers([node.name for node in nodes], taken, lower=True)
    return {node.id: words[node.name] for node in nodes}


def _chosen(plan: Plan, own: Mapping[str, str]) -> dict[str, str]:
    """The variable that holds what each Input or step puts out: x where only the next lines need it."""
    found = {}
    keys = [*(node.id for node in plan.inputs), *(step.node.id for step in plan.steps)]
    for number, key in enumerate(keys):
        following = tuple(keys[number + 1:number + 2])
        passed_on = set(plan.readers.get(key, ())) == set(following) and key not in plan.outputs
        last = plan.outputs == (key,) and not following
        plain = number < len(plan.inputs) and (len(plan.inputs) > 1 or not plan.normalisation)
        found[key] = "x" if (passed_on or last) and not plain else own[key]
    if len(plan.inputs) == 1 and not plan.normalisation:
        found[keys[0]] = "inputs"
    return found


def _written(step: Step, lines: Sequence[Line], variables: Mapping[str, str], end: str = "") -> list[str]:
    """The lines of one step; the last one may return what it makes instead of keeping it."""
    sources = [variables[source] for source in step.inputs]
    given = sources[0] if len(sources) == 1 else f"[{', '.join(sources)}]"
    found = []
    for number, line in enumerate(lines, start=1):
        front = end if end and number == len(lines) else f"{variables[step.node.id]} = "
        found += _call(front, line.kind, [*line.arguments, f"name={line.name}"], given)
        given = variables[step.node.id]
    return found


def _extra(plan: Plan) -> tuple[str, ...]:
    """Names that the model itself may have."""
    return tuple(identifiers([plan.network.name]).values())


def _call(front: str, start: str, arguments: list[str], given: str) -> list[str]:
    lines = called(f"    {front}{start}(", arguments)
    return [*lines[:-1], f"{lines[-1]}({given})"]
