"""Blocks as classes: those that are built alike become one class, and what differs between them its arguments."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core.export.pytorch.form import CHANNELS, NOTHING, Argument, Form, Written, literal
from core.export.pytorch.names import common_title
from core.export.pytorch.scope import Call, Scope

# Beside convolutions and dense layers these give another number of channels than they get.
_CHANGING = ("Concatenate", "Flatten", "Reshape", "ChannelPool")


@dataclass
class BlockClass:
    """A class for one or more blocks that are built alike; `parameters` by name: the value for each block."""

    name: str
    scopes: list[Scope]
    parameters: dict[str, tuple[Any, ...]] = field(default_factory=dict)


def classes_of(whole: Scope, taken: Sequence[str]) -> list[BlockClass]:
    """The classes for all blocks, innermost first; the calls of blocks now say which class they make, and how."""
    found: dict[Any, BlockClass] = {}
    _sort(whole, found)
    used = set(taken)
    for made in found.values():
        made.name = _free(_title(made), used)
        used.add(made.name)
        _parameters(made)
        for number, scope in enumerate(made.scopes):
            by_place = all(is_channels(each) for each in made.parameters)
            arguments = tuple(_argument(name, values[number], by_place=by_place)
                              for name, values in made.parameters.items())
            _caller(whole, scope).form = Form(made.name, arguments, "{own}({all})")
    return list(found.values())


def is_channels(name: str) -> bool:
    """Whether a parameter counts channels or features."""
    return name.endswith(("channels", "features"))


def _argument(name: str, value: Any, *, by_place: bool) -> Argument:
    return Argument(value, "" if by_place else name, role=name, kind=CHANNELS if is_channels(name) else "")


def _sort(scope: Scope, found: dict[Any, BlockClass]) -> None:
    """Put every block into the class of those like it, innermost first."""
    for call in scope.calls:
        if call.inside is not None:
            _sort(call.inside, found)
            found.setdefault(_likeness(call.inside, found), BlockClass("", [])).scopes.append(call.inside)


def _likeness(scope: Scope, found: dict[Any, BlockClass]) -> Any:
    """All that blocks of one class have in common: everything but the values of arguments."""
    calls = []
    for call in scope.calls:
        form = call.form
        inner = _likeness(call.inside, found) if call.inside is not None else None
        names = tuple((each.keyword, each.role) for each in form.arguments)
        calls.append((call.attribute, form.module, names, form.expression, call.inputs, call.frozen, inner))
    return (tuple(calls), scope.entries, scope.outputs)


def _caller(scope: Scope, wanted: Scope) -> Call:
    """The call that makes a block."""
    for call in scope.calls:
        if call.inside is wanted:
            return call
        if call.inside is not None and any(each is wanted for each in _all(call.inside)):
            return _caller(call.inside, wanted)
    raise LookupError("this block is in no scope")


def _all(scope: Scope) -> list[Scope]:
    inside = [call.inside for call in scope.calls if call.inside is not None]
    return inside + [each for one in inside for each in _all(one)]


def _parameters(made: BlockClass) -> None:
    """Find out which arguments differ from block to block, and name them."""
    differing: dict[Any, list[tuple[str, Argument]]] = {}
    values_of: dict[Any, tuple[Any, ...]] = {}
    for number, argument, values in _arguments(made):
        if any(literal(value) != literal(values[0]) for value in values):
            key = _key(made, number, argument, values)
            differing.setdefault(key, []).append((made.scopes[0].calls[number].attribute, argument))
            values_of[key] = values
    roles = [users[0][1].role for users in differing.values()]
    alone = sum(key[0] == CHANNELS for key in differing) == 1
    names: dict[Any, str] = {}
    used: set[str] = set()
    for key, users in differing.items():
        attribute, argument = users[0]
        plain = roles.count(argument.role) == 1
        name = argument.role if plain else f"{attribute}_{argument.role.removeprefix('out_')}"
        if alone and key[0] == CHANNELS and len({each.role for _, each in users}) > 1:
            name = "channels"
        names[key] = _free(name, used)
        used.add(names[key])
        made.parameters[names[key]] = values_of[key]
    _use(made, names)


def _arguments(made: BlockClass) -> Iterator[tuple[int, Argument, tuple[Any, ...]]]:
    """Each argument: the number of its call, how the first block has it, and its value in every block."""
    for number, calls in enumerate(zip(*(scope.calls for scope in made.scopes), strict=True)):
        for arguments in zip(*(call.form.arguments for call in calls), strict=True):
            yield number, arguments[0], tuple(argument.value for argument in arguments)


def _key(made: BlockClass, number: int, argument: Argument, values: tuple[Any, ...]) -> Any:
    """Arguments of one key are one parameter.

    What is added has to have the same number of channels. Where nothing is added, channels are the same only where they
    come from the same layer, and equal numbers elsewhere are chance.
    """
    kind = argument.kind or argument.role
    scope = made.scopes[0]
    if kind != CHANNELS or any(call.layer.type == "Add" for call in scope.calls):
        return kind, values
    own = argument.role.startswith("out_")
    return kind, values, number if own else _origin(scope, scope.calls[number].inputs[0])


def _origin(scope: Scope, value: int) -> int:
    """The call that decided how many channels a value has, or the block's input."""
    while value >= 0:
        call = scope.calls[value]
        if call.inside is not None or call.layer.type in _CHANGING \
                or any(each.role.startswith("out_") for each in call.form.arguments):
            break
        value = call.inputs[0]
    return value


def _use(made: BlockClass, names: dict[Any, str]) -> None:
    """Put the parameters' names where the values differ, in the first block, whose code is written."""
    changed: dict[int, list[Argument]] = {}
    for number, argument, values in _arguments(made):
        name = names.get(_key(made, number, argument, values))
        changed.setdefault(number, []).append(
            argument if name is None else replace(argument, value=Written(name), default=NOTHING))
    for number, arguments in changed.items():
        call = made.scopes[0].calls[number]
        call.form = replace(call.form, arguments=tuple(arguments))


def _title(made: BlockClass) -> str:
    """A name for the class: the blocks' own where it says something, else by what is in them."""
    scope = made.scopes[0]
    stem = common_title([each.title for each in made.scopes])
    if stem:
        return stem
    last = scope.calls[scope.outputs[0]] if scope.outputs[0] >= 0 else scope.calls[-1]
    sums = [call for call in scope.calls if call.layer.type == "Add"]
    if sums:
        return "ResidualBlock" if min(sums[-1].inputs) < 0 else "ProjectionBlock"
    return "InceptionBlock" if last.layer.type == "Concatenate" else "Block"


def _free(name: str, used: set[str]) -> str:
    made, number = name, 2
    while made in used:
        made, number = f"{name}{number}", number + 1
    return made
