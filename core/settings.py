"""A setting is declared once: from it come the form, the help, the file's content, the range errors and test values."""

import dataclasses
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from core.errors import SettingError

KINDS = ("int", "float", "bool", "choice", "pair", "padding", "sides", "shape", "text")
LARGEST_SIZE = 65_536


@dataclass(frozen=True)
class Setting:
    """One option of a layer, an optimizer or a training: its words, its limits and its check.

    `kind` is one of `KINDS`. A `pair` is kept as (height, width), `sides` as (top, left, bottom, right), a `padding` as
    "valid", "same" or sides, a `shape` as a tuple of sizes. `none` is the meaning of None where it is allowed.
    """

    name: str
    default: Any
    label: str
    help: str
    kind: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    none: str = ""
    unit: str = ""

    def check(self, value: Any) -> Any:
        """The value in its one canonical form, or a SettingError in words."""
        if value is None and self.none:
            return None
        return _CHECKS[self.kind](self, value)

    def refuse(self, wanted: str, value: Any) -> SettingError:
        """The error for a value that is not `wanted`."""
        shown = repr(value)
        shown = shown if len(shown) <= 40 else shown[:37] + "…"
        return SettingError(f"{self.label} must be {wanted}, not {shown}.")

    def limits(self) -> str:
        """The limits in words: "from 1 to 64", "at least 1" or ""."""
        if self.low is not None and self.high is not None:
            return f"from {_grouped(self.low)} to {_grouped(self.high)}"
        if self.low is not None:
            return f"at least {_grouped(self.low)}"
        return f"at most {_grouped(self.high)}" if self.high is not None else ""

    def bad_values(self) -> list[Any]:
        """Values that `check` must refuse; the tests use them."""
        return _BAD[self.kind](self)


def _grouped(number: float) -> str:
    """A limit as people write it: 2,147,483,647 rather than 2.14748e+09."""
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:,g}"


def setting(default: Any, label: str, help: str, *, kind: str = "", keyword: bool = False,  # noqa: A002
            **limits: Any) -> Any:
    """A dataclass field that carries a `Setting`; the kind follows from the default unless it is given."""
    if not kind:
        if "choices" in limits:
            kind = "choice"
        else:
            kind = {bool: "bool", int: "int", float: "float", str: "text"}[type(default)]
    declared = Setting("", default, label, help, kind, **limits)
    return dataclasses.field(default=default, metadata={"setting": declared}, kw_only=keyword)


def settings_of(owner: Any) -> dict[str, Setting]:
    """The settings of a class or an instance, by name, in the order of declaration, those of the root base last."""
    kind = owner if isinstance(owner, type) else type(owner)
    known: dict[str, Setting] | None = kind.__dict__.get("_settings")
    if known is None:
        fields = [field for field in dataclasses.fields(kind) if "setting" in field.metadata]
        root = next(base for base in reversed(kind.__mro__) if dataclasses.is_dataclass(base))
        inherited = {field.name for field in dataclasses.fields(root)} if root is not kind else set()
        fields.sort(key=lambda field: field.name in inherited)
        known = {field.name: dataclasses.replace(field.metadata["setting"], name=field.name) for field in fields}
        setattr(kind, "_settings", known)  # noqa: B010 (mypy knows no such attribute of type)
    return known


def check_all(instance: Any) -> None:
    """Bring every setting of a frozen dataclass into its canonical form; called from `__post_init__`."""
    for name, declared in settings_of(instance).items():
        object.__setattr__(instance, name, declared.check(getattr(instance, name)))


def values_of(instance: Any) -> dict[str, Any]:
    """The settings' values as JSON can hold them: tuples become lists."""
    found = {name: getattr(instance, name) for name in settings_of(instance)}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


def _whole(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if isinstance(value, float) and not value.is_integer():
        return None
    return int(value)


def _within(declared: Setting, value: float) -> bool:
    return not ((declared.low is not None and value < declared.low)
                or (declared.high is not None and value > declared.high))


def _check_int(declared: Setting, value: Any) -> int:
    whole = _whole(value)
    if whole is None or not _within(declared, whole):
        raise declared.refuse(f"a whole number {declared.limits()}".strip(), value)
    return whole


def _check_float(declared: Setting, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise declared.refuse(f"a number {declared.limits()}".strip(), value)
    if not _within(declared, value):
        raise declared.refuse(f"a number {declared.limits()}", value)
    return float(value)


def _check_bool(declared: Setting, value: Any) -> bool:
    if not isinstance(value, bool):
        raise declared.refuse("on or off (true or false)", value)
    return value


def _check_choice(declared: Setting, value: Any) -> str:
    if not isinstance(value, str) or value not in declared.choices:
        raise declared.refuse("one of " + ", ".join(declared.choices), value)
    return value


def _check_text(declared: Setting, value: Any) -> str:
    if not isinstance(value, str) or len(value) > 10_000:
        raise declared.refuse("a text of at most 10,000 characters", value)
    return value


def _whole_numbers(declared: Setting, value: Iterable[Any], wanted: str) -> tuple[int, ...]:
    numbers = [_whole(item) for item in value]
    if any(number is None or not _within(declared, number) for number in numbers):
        raise declared.refuse(wanted, value)
    return tuple(number for number in numbers if number is not None)


def _check_pair(declared: Setting, value: Any) -> tuple[int, ...]:
    wanted = f"one whole number {declared.limits()}, or two (height, width)"
    items = list(value) if isinstance(value, (list, tuple)) else [value, value]
    if len(items) != 2:
        raise declared.refuse(wanted, value)
    return _whole_numbers(declared, items, wanted)


def _check_padding(declared: Setting, value: Any) -> str | tuple[int, ...]:
    wanted = '"valid", "same", a whole number from 0, a pair (height, width) or four numbers (top, left, bottom, right)'
    if value in ("valid", "same") and isinstance(value, str):
        return value
    return _four_sides(declared, value, wanted)


def _check_sides(declared: Setting, value: Any) -> tuple[int, ...]:
    return _four_sides(declared, value, f"one whole number {declared.limits()}, a pair (height, width) or four numbers "
                                        f"(top, left, bottom, right)")


def _four_sides(declared: Setting, value: Any, wanted: str) -> tuple[int, ...]:
    items = list(value) if isinstance(value, (list, tuple)) else [value] * 4
    if len(items) == 2:
        items = items * 2
    if len(items) != 4:
        raise declared.refuse(wanted, value)
    return _whole_numbers(declared, items, wanted)


def _check_shape(declared: Setting, value: Any) -> tuple[int, ...]:
    limits = f", each {declared.limits()}" if declared.limits() else ""
    wanted = f"channels × height × width, or one number for a flat vector{limits}"
    items = list(value) if isinstance(value, (list, tuple)) else [value]
    if len(items) not in (1, 3):
        raise declared.refuse(wanted, value)
    return _whole_numbers(declared, items, wanted)


_CHECKS: dict[str, Callable[[Setting, Any], Any]] = {
    "int": _check_int, "float": _check_float, "bool": _check_bool, "choice": _check_choice, "text": _check_text,
    "pair": _check_pair, "padding": _check_padding, "sides": _check_sides,
    "shape": _check_shape,
}


def _outside(declared: Setting) -> list[Any]:
    low = [] if declared.low is None else [declared.low - 1]
    return low + ([] if declared.high is None else [declared.high + 1])


_BAD: dict[str, Callable[[Setting], list[Any]]] = {
    "int": lambda s: [*_outside(s), 1.5, "three", True, [1]],
    "float": lambda s: [*_outside(s), math.nan, math.inf, "fast", True],
    "bool": lambda s: [1, "on", None],
    "choice": lambda s: ["", "no such choice", 1],
    "text": lambda s: [5, ["text"]],
    "pair": lambda s: [*_outside(s), [1], [1, 2, 3], "big", [1.5, 2]],
    "padding": lambda s: [*_outside(s), "wide", [1, 2, 3], 0.5],
    "sides": lambda s: [*_outside(s), "same", [1, 2, 3], 0.5],
    "shape": lambda s: [*([[x] for x in _outside(s)]), [], [1, 2], "picture", [1, 2, 3, 4]],
}
