"""Blocks as classes: those that are built alike become one class, and what differs between them its arguments."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core.export.pytorch.form import CHANNELS, NOTHING, Argument, Form, Written, literal
from core.export.pytorch.names import class_name
from core.export.pytorch.scope import Call, Scope


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
    differing: dict[tuple[str, tuple[Any, ...]], list[tuple[str, Argument]]] = {}
    for calls in zip(*(scope.calls for scope in made.scopes), strict=True):
        for arguments in zip(*(call.form.arguments for call in calls), strict=True):
            values = tuple(argument.value for argument in arguments)
            if any(literal(value) != literal(values[0]) for value in values):
                kind = arguments[0].kind or arguments[0].role
                differing.setdefault((kind, values), []).append((calls[0].attribute, arguments[0]))
    roles = [users[0][1].role for users in differing.values()]
    alone = sum(kind == CHANNELS for kind, _ in differing) == 1
    names: dict[tuple[str, tuple[Any, ...]], str] = {}
    used: set[str] = set()
    for key, users in differing.items():
        attribute, argument = users[0]
        plain = roles.count(argument.role) == 1
        name = argument.role if plain else f"{attribute}_{argument.role.removeprefix('out_')}"
        if alone and key[0] == CHANNELS and len({each.role for _, each in users}) > 1:
            name = "channels"
        names[key] = _free(name, used)
        used.add(names[key])
        made.parameters[names[key]] = key[1]
    _use(made, names)


def _use(made: BlockClass, names: dict[tuple[str, tuple[Any, ...]], str]) -> None:
    """Put the parameters' names where the values differ, in the first block, whose code is written."""
    scopes = made.scopes
    for number, call in enumerate(scopes[0].calls):
        changed = []
        for place, argument in enumerate(call.form.arguments):
            values = tuple(scope.calls[number].form.arguments[place].value for scope in scopes)
            name = names.get((argument.kind or argument.role, values))
            changed.append(argument if name is None else replace(argument, value=Written(name), default=NOTHING))
        call.form = replace(call.form, arguments=tuple(changed))


def _title(made: BlockClass) -> str:
    """A name for the class: the blocks' own where it says something, else by what is in them."""
    scope = made.scopes[0]
    stems = {class_name(each.title, "").rstrip("0123456789") for each in made.scopes}
    stem = stems.pop() if len(stems) == 1 else ""
    if len(stem) > 3:
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
