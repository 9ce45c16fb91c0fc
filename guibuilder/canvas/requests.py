"""What is typed into the search field: a layer, and its numbers where one knows them: "conv 6 5x5", "dense 120"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from core.errors import SettingError
from core.layers import LAYERS, make_layer
from core.layers.base import Layer
from core.settings import Setting, settings_of

_ALIASES = {"fc": "Dense", "fully": "Dense", "bn": "BatchNorm", "gap": "GlobalAveragePool2D", "avg": "AveragePool2D",
            "max": "MaxPool2D", "concat": "Concatenate", "merge": "Add", "lrelu": "LeakyReLU", "picture": "Input",
            "convolution": "Conv2D", "kernel": "Conv2D", "classes": "Softmax", "lrn": "LocalResponseNorm",
            "identity": "Linear"}
_NUMBER = re.compile(r"[\d.,]+(?:[x×][\d.,]+)*")
_WORDS = ("same", "valid")
_NUMERIC = ("int", "float", "pair", "shape")


@dataclass(frozen=True)
class Request:
    """The words that say which layer is meant, and the values that follow."""

    words: str
    values: tuple[str, ...] = field(default=())


def read_request(text: str) -> Request:
    """Part words from numbers: "conv 6@5x5 same" is conv, 6, 5x5, same."""
    words: list[str] = []
    values: list[str] = []
    for token in re.split(r"[\s@]+", text.strip()):
        if _NUMBER.fullmatch(token) or (values and token.casefold() in _WORDS):
            values.append(token.casefold())
        elif token:
            words.append(token.casefold())
    return Request(" ".join(words), tuple(values))


def rank(kind: str, words: str) -> int | None:
    """How well a layer type answers to what was typed; less is better, None is not at all."""
    wanted, name = words.replace(" ", ""), kind.casefold()
    if not wanted:
        return 3
    if name == wanted or _ALIASES.get(wanted) == kind:
        return 0
    if name.startswith(wanted):
        return 1
    parts = [part.casefold() for part in re.findall(r"[A-Z][a-z]*|\dD", kind)]
    if any("".join(parts[start:]).startswith(wanted) for start in range(1, len(parts))):
        return 2
    if all(word in name for word in words.split()):
        return 3
    return 4 if "".join(part[0] for part in parts).startswith(wanted) else None


def matching(words: str, kinds: Sequence[str] = tuple(LAYERS)) -> list[str]:
    """The layer types that answer to what was typed, best first; equals keep their order."""
    ranked = [(rank(kind, words), kind) for kind in kinds]
    return [kind for _, kind in sorted(((place, kind) for place, kind in ranked if place is not None),
                                       key=lambda pair: pair[0])]


def requested_layer(kind: str, values: Sequence[str]) -> tuple[Layer, str]:
    """The layer with these values in the order of its settings, and what is wrong with them (then the plain layer)."""
    try:
        return make_layer(kind, _assigned(kind, list(values))), ""
    except SettingError as error:
        return make_layer(kind, {}), error.message


def uses(kind: str, values: Sequence[str]) -> bool:
    """Whether a layer has a setting for each of these values."""
    kinds = [setting.kind for name, setting in settings_of(LAYERS[kind]).items() if name not in ("frozen", "bypassed")]
    numbers = [value for value in values if value not in _WORDS]
    if len(numbers) < len(values) and "padding" not in kinds:
        return False
    return "shape" in kinds or len(numbers) <= sum(each in (*_NUMERIC, "padding", "sides") for each in kinds)


def _assigned(kind: str, values: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    settings = [setting for name, setting in settings_of(LAYERS[kind]).items() if name not in ("frozen", "bypassed")]
    padding = [value for value in values if value in _WORDS]
    if padding and any(setting.name == "padding" for setting in settings):
        found["padding"] = padding[-1]
    numbers = [value for value in values if value not in _WORDS]
    for setting in settings:
        if not numbers:
            break
        if setting.kind == "shape":
            found[setting.name] = [_number(setting, part) for value in numbers for part in _parts(value)]
            numbers = []
        elif setting.kind in (*_NUMERIC, "sides") or (setting.kind == "padding" and not padding):
            found[setting.name] = _value(setting, numbers.pop(0))
    return found


def _value(setting: Setting, text: str) -> Any:
    if setting.kind in ("pair", "padding", "sides"):
        numbers = [_number(setting, part) for part in _parts(text)]
        return numbers[0] if len(numbers) == 1 else numbers
    return _number(setting, text)


def _parts(text: str) -> list[str]:
    return [part for part in re.split(r"[x×]", text) if part]


def _number(setting: Setting, text: str) -> float:
    # 1,024 is a thousand where whole numbers are meant, 0,5 a half where they are not.
    plain = text.replace(",", "." if setting.kind == "float" else "")
    try:
        return float(plain)
    except ValueError:
        raise setting.refuse("a number", text) from None
