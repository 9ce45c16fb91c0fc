"""Blocks of a Keras model as functions: those that are built alike are written once, what differs are arguments."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core.export.names import plain_word
from core.export.numpy_script import called
from core.export.plan import Plan, Step
from core.export.pytorch.names import attribute, common_title, small
from core.graph.expand import SEPARATOR

# What the arguments that have no keyword are called, by the class that takes them.
_PLACES = {"Conv2D": ("filters", "kernel_size"), "Dense": ("units",), "Maxout": ("units",),
           "MaxPooling2D": ("pool_size",), "AveragePooling2D": ("pool_size",), "ZeroPadding2D": ("padding",)}


@dataclass(frozen=True)
class Line:
    """One Keras layer as it is written: its class, its arguments, and the text that gives its name."""

    kind: str
    arguments: tuple[str, ...]
    name: str


@dataclass(frozen=True)
class Use:
    """A block that is written as a call: the steps that it stands for, what they read and put out, and its word."""

    steps: tuple[Step, ...]
    source: str
    exit: str
    word: str


@dataclass
class Function:
    """A function for blocks that are built alike; `parameters` by name: the text for each use."""

    uses: list[Use]
    name: str = ""
    parameters: dict[str, list[str]] = field(default_factory=dict)
    lines: dict[str, tuple[Line, ...]] = field(default_factory=dict)

    @property
    def inside(self) -> tuple[Step, ...]:
        """The steps of the first use, by the names that they have in the block."""
        steps = self.uses[0].steps
        types = {step.node.id: step.type for step in steps}
        return tuple(replace(step, node=replace(step.node, name=_local(step, types))) for step in steps)

    def head(self) -> list[str]:
        """The line with `def`."""
        *lines, last = called(f"def {self.name}(", ["inputs", *self.parameters, "name"])
        return [*lines, f"{last}:"]

    def call(self, number: int, variable: str, given: str) -> list[str]:
        """The line that builds one of the blocks."""
        values = list(self.parameters.items())
        texts = [f"{name}={each[number]}" if len(values) > 8 else each[number] for name, each in values]
        return called(f"    {variable} = {self.name}(", [given, *texts, f'name="{self.uses[number].word}"'])


def blockwise(plan: Plan) -> Plan:
    """The plan in the order in which it was drawn, with the steps of each block behind each other."""
    members: dict[str, list[Step]] = {}
    for step in sorted(plan.steps, key=lambda step: _drawn(step.node.id)):
        members.setdefault(_block(step.node.id), []).append(step)
    known = {node.id for node in plan.inputs}
    steps: list[Step] = []
    while members:
        # Nothing of a block is written before all is there that it reads.
        block = next(block for block, own in members.items()
                     if {source for step in own for source in step.inputs} <= known | {step.node.id for step in own})
        own = members.pop(block)
        while own:
            step = next(step for step in own if known.issuperset(step.inputs))
            own.remove(step)
            steps.append(step)
            known.add(step.node.id)
    return replace(plan, steps=tuple(steps))


def _drawn(key: str) -> list[tuple[int, str]]:
    """Sorts ids as they were given: n2 before n10."""
    return [(len(part), part) for part in key.split(SEPARATOR)]


def functions_of(plan: Plan, lines: Mapping[str, tuple[Line, ...]], taken: Sequence[str]) -> list[Function]:
    """What is written as functions: blocks of which there are two or more alike, with one input and one output.

    None of the names that are `taken` becomes a function's.
    """
    blocks: dict[str, list[Step]] = {}
    for step in plan.steps:
        if SEPARATOR in step.node.id:
            blocks.setdefault(_block(step.node.id), []).append(step)
    alike: dict[Any, Function] = {}
    for steps in blocks.values():
        use = _use(plan, steps, lines)
        if use is not None:
            alike.setdefault(_likeness(use, lines), Function([])).uses.append(use)
    found = [function for function in alike.values() if len(function.uses) > 1]
    used = set(taken)
    for function in found:
        function.name = attribute(_title(function), used)
        used.add(function.name)
        _parameters(function, lines)
    return found


def _block(key: str) -> str:
    """The outermost block around a step, or the step itself."""
    return key.partition(SEPARATOR)[0]


def _rest(step: Step) -> str:
    return step.name.partition(SEPARATOR)[2]


def _local(step: Step, types: Mapping[str, str]) -> str:
    """A layer's name in its block; in front of a digit stands what it is: conv1x1, and conv1x1_relu behind it."""
    kind = step.type if step.arrays else types.get(step.inputs[0], step.type)
    return attribute(_rest(step).replace(SEPARATOR, "_"), ("name", "inputs"), kind)


def _use(plan: Plan, steps: Sequence[Step], lines: Mapping[str, tuple[Line, ...]]) -> Use | None:
    """A block as a call, where it has one input and one output and all its layers are called after it."""
    own = {step.node.id for step in steps}
    sources = {source for step in steps for source in step.inputs} - own
    exits = {key for key in own if key in plan.outputs or set(plan.readers.get(key, ())) - own}
    word = plain_word(steps[0].name.partition(SEPARATOR)[0])
    named = all(line.name.startswith(f'"{word}_') for key in own for line in lines[key])
    if len(sources) != 1 or len(exits) != 1 or not named:
        return None
    return Use(tuple(steps), sources.pop(), exits.pop(), word)


def _likeness(use: Use, lines: Mapping[str, tuple[Line, ...]]) -> Any:
    """All that blocks of one function have in common: everything but the values of arguments."""
    places = {step.node.id: number for number, step in enumerate(use.steps)}
    steps = []
    for step in use.steps:
        written = tuple((line.kind, tuple(_keyword(each) for each in line.arguments), line.name[len(use.word) + 1:])
                        for line in lines[step.node.id])
        steps.append((written, tuple(places.get(source, -1) for source in step.inputs), _rest(step)))
    return tuple(steps), places[use.exit]


def _keyword(argument: str) -> str:
    found = re.match(r"(\w+)=", argument)
    return found[1] if found else ""


def _title(function: Function) -> str:
    """A name for the function: the blocks' own where it says something, else by what is in them."""
    first = function.uses[0]
    stem = common_title([use.steps[0].name.partition(SEPARATOR)[0] for use in function.uses])
    if stem:
        return small(stem)
    sums = [step for step in first.steps if step.type == "Add"]
    if sums:
        return "residual_block" if first.source in sums[-1].inputs else "projection_block"
    ends = next(step for step in first.steps if step.node.id == first.exit)
    return "inception_block" if ends.type == "Concatenate" else "block"


def _parameters(function: Function, lines: Mapping[str, tuple[Line, ...]]) -> None:
    """Find out which arguments differ from block to block, name them, and write the lines with these names."""
    first, rest = function.uses[0], function.uses[1:]
    # What is added has to have the same number of channels; elsewhere equal numbers are chance.
    shared = any(step.type == "Add" for step in first.steps)
    names: dict[Any, str] = {}
    for place, step in enumerate(first.steps):
        own = [lines[step.node.id], *(lines[use.steps[place].node.id] for use in rest)]
        written = []
        for number, line in enumerate(own[0]):
            arguments = list(line.arguments)
            choices = [[each[number].arguments[position] for each in own] for position in range(len(arguments))]
            for position in (position for position, values in enumerate(choices) if len(set(values)) > 1):
                arguments[position] = _named(function, names, step, line.kind, position, choices[position],
                                             shared=shared)
            written.append(Line(line.kind, tuple(arguments), 'f"{name}' + line.name[len(first.word) + 1:]))
        function.lines[step.node.id] = tuple(written)


def _named(function: Function, names: dict[Any, str], step: Step, kind: str, position: int, values: Sequence[str], *,
           shared: bool) -> str:
    """The argument with a parameter's name instead of its value."""
    keyword = _keyword(values[0])
    places = _PLACES.get(kind.rpartition(".")[2], ())
    role = keyword or (places[position] if position < len(places) else "setting")
    key = (role, tuple(values)) if shared else (role, step.node.id, position)
    if key not in names:
        stem = _local(step, {})
        wanted = role if shared and role not in function.parameters else f"{stem}_{role}"
        names[key] = _free(wanted, set(function.parameters) | {"name", "inputs"})
        function.parameters[names[key]] = [value.partition("=")[2] if keyword else value for value in values]
    return f"{keyword}={names[key]}" if keyword else names[key]


def _free(name: str, used: set[str]) -> str:
    made, number = name, 2
    while made in used:
        made, number = f"{name}_{number}", number + 1
    used.add(made)
    return made


def with_calls(plan: Plan, functions: Sequence[Function]) -> tuple[Plan, dict[str, Callable[[str, str], list[str]]]]:
    """The plan with one step for each block that is a call, and what writes that call, by the step's id."""
    calls: dict[str, Callable[[str, str], list[str]]] = {}
    gone: set[str] = set()
    uses: dict[str, Use] = {}
    for function in functions:
        for number, use in enumerate(function.uses):
            calls[use.exit] = _caller(function, number)
            gone |= {step.node.id for step in use.steps}
            uses[use.exit] = use
    kept = []
    for step in plan.steps:
        if step.node.id in uses:
            use = uses[step.node.id]
            kept.append(replace(step, inputs=(use.source,), node=replace(step.node, name=use.word)))
        elif step.node.id not in gone:
            kept.append(step)
    return replace(plan, steps=tuple(kept)), calls


def _caller(function: Function, number: int) -> Callable[[str, str], list[str]]:
    return lambda variable, given: function.call(number, variable, given)
