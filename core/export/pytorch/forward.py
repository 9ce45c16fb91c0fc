"""The body of `forward`: one line after the other as a person writes them, with as few names as will do.

The main path is called x. Where it parts and comes together again the branches have names of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from core.export.layout import WIDTH, broken
from core.export.pytorch.scope import Call, Scope

MAIN = "x"
# How many calls may stand around each other in one line.
DEEPEST = 3
_INDENT = " " * 8


@dataclass
class _Line:
    slot: int
    text: str
    value: int
    depth: int


def inputs_of(scope: Scope) -> list[str]:
    """The names of what comes in: x, or x1, x2 … where there are several."""
    return [MAIN] if scope.entries == 1 else [f"{MAIN}{number + 1}" for number in range(scope.entries)]


def forward_lines(scope: Scope) -> tuple[list[str], list[str]]:
    """The lines that compute, and the names that hold the outputs at the end."""
    body = _Body(scope)
    for number, call in enumerate(scope.calls):
        body.add(number, call)
    names = body.names()
    lines = []
    for line in body.lines:
        text = line.text
        for slot, name in enumerate(names):
            text = text.replace(_mark(slot), name)
        lines += broken(f"{_INDENT}{names[line.slot]} = {text}")
    return lines, [names[body.slots[value]] for value in scope.outputs]


def _mark(slot: int) -> str:
    """Stands for a name until all are known; no identifier holds such a letter."""
    return f"\0{slot}\0"


class _Body:
    """Gives every value a slot, which is a name in the end; a slot is used again once nobody needs what it holds."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._readers: dict[int, list[int]] = {}
        for number, call in enumerate(scope.calls):
            for value in call.inputs:
                self._readers.setdefault(value, []).append(number)
        self._last = {value: max(readers) for value, readers in self._readers.items()}
        self._last |= dict.fromkeys(scope.outputs, len(scope.calls))
        self.slots: dict[int, int] = {-1 - number: number for number in range(scope.entries)}
        self._held: dict[int, int] = {slot: value for value, slot in self.slots.items()}
        self._count = scope.entries
        self.lines: list[_Line] = []

    def names(self) -> list[str]:
        """The names of all slots."""
        given = inputs_of(self._scope)
        more = self._count - self._scope.entries
        if not given or len(given) > 1:
            rest = [MAIN, *(f"branch{number}" for number in range(1, more))]
        else:
            rest = ["out"] if more == 1 else [f"branch{number + 1}" for number in range(more)]
        return [*given, *rest[:more]]

    def add(self, number: int, call: Call) -> None:
        """The line of one call."""
        text = call.form.text(f"self.{call.attribute}", [_mark(self.slots[value]) for value in call.inputs])
        fused = self._fused(number, call)
        slot = self.lines[-1].slot if fused else self._slot(number, call)
        if fused:
            last = self.lines.pop()
            text = text.replace(_mark(last.slot), last.text)
            self.lines.append(_Line(slot, text, number, last.depth + 1))
        else:
            self.lines.append(_Line(slot, text, number, 1))
        self.slots[number] = slot
        self._held[slot] = number

    def _fused(self, number: int, call: Call) -> bool:
        """Whether the call may stand around the one in the line before."""
        if not (call.form.fuses and self.lines and call.inputs == (self.lines[-1].value,)):
            return False
        last, before = self.lines[-1], self._scope.calls[number - 1]
        simple = before.inside is None and before.layer.type not in ("Add", "Concatenate", "Reshape", "Softplus")
        short = len(last.text) + len(call.form.text(call.attribute, [""])) < WIDTH - 30
        adds = before.layer.type == "Add" and last.depth == 1
        return (simple or adds) and short and last.depth < DEEPEST and self._readers[last.value] == [number] \
            and last.value not in self._scope.outputs

    def _slot(self, number: int, call: Call) -> int:
        free = [slot for slot in range(self._count) if self._last.get(self._held[slot], -1) <= number]
        own = [self.slots[value] for value in call.inputs]
        if len(set(call.inputs)) == 1 and own[0] in free and not self._parts(call.inputs[0]):
            return own[0]
        if len(set(call.inputs)) > 1 and free:
            return min(slot for slot in free)
        others = [slot for slot in free if slot not in own]
        if others and not self._scope.entries > 1:
            return others[0]
        self._count += 1
        return self._count - 1

    def _parts(self, value: int) -> bool:
        """Whether the ways from a value come together again, so that each deserves a name of its own."""
        readers = sorted(set(self._readers.get(value, [])))
        if len(readers) < 2:
            return False
        seen: set[int] = set()
        for reader in readers:
            reached = self._reached(reader)
            if seen & reached:
                return True
            seen |= reached
        return False

    def _reached(self, number: int) -> set[int]:
        found: set[int] = set()
        waiting = [number]
        while waiting:
            now = waiting.pop()
            if now not in found:
                found.add(now)
                waiting.extend(self._readers.get(now, []))
        return found


def parameters_text(names: Sequence[str]) -> str:
    """The names behind self in a signature."""
    return ", ".join(["self", *names])
