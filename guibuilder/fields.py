"""What a setting's value looks like in a text field, and what a text typed there means."""

import math
import re
from typing import Any

from core.errors import SettingError
from core.settings import Setting

STEPPED = ("int", "float", "pair", "padding", "sides")
_SEPARATORS = re.compile(r"\s*[×xX*,;·]\s*|\s+")
_GROUPED = re.compile(r"[+-]?\d{1,3}([,'\u202f\u00a0 ]\d{3})+")
_WORDS = {"sgd": "SGD", "adagrad": "AdaGrad", "rmsprop": "RMSprop", "adam": "Adam", "adamw": "AdamW",
          "mini-batch": "Mini-batch", "by-layer": "As each layer says", "same": "As main output"}


def choice_words(choice: str) -> str:
    """A choice as people write it: "xavier-uniform" is "Xavier uniform"."""
    known = _WORDS.get(choice)
    return known if known is not None else (choice[:1].upper() + choice[1:]).replace("-", " ")


def shown(setting: Setting, value: Any) -> str:
    """The text of a value in its field: "6", "0.001", "5 × 5", "same", "on"."""
    if value is None:
        return setting.none
    if setting.kind == "bool":
        return "on" if value else "off"
    if setting.kind == "choice":
        return choice_words(value)
    if setting.kind == "int":
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if setting.kind == "float":
        return _number(value)
    if setting.kind in ("padding", "sides"):
        return _padding(value)
    return " × ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _number(value: float) -> str:
    text = f"{value:.10g}"
    if "e" not in text or not 1e-9 <= abs(value) < 1e10:
        return text
    return f"{value:.15f}".rstrip("0").rstrip(".")


def _padding(value: str | tuple[int, ...]) -> str:
    if isinstance(value, str):
        return value
    if len(set(value)) == 1:
        return str(value[0])
    if value[:2] == value[2:]:
        return f"{value[0]} × {value[1]}"
    return ", ".join(map(str, value))


def read(setting: Setting, text: str) -> Any:
    """The checked value that a text means, or a SettingError in words. `.` and `,` both part a decimal."""
    text = text.strip().replace("−", "-")
    if setting.none and text.casefold() in ("", "auto", setting.none.casefold()):
        return None
    try:
        return setting.check(_READERS.get(setting.kind, _as_it_is)(text))
    except SettingError as error:
        # What was typed says more than what was made of it.
        raise SettingError(f"{error.message.rpartition(', not ')[0]}, not “{text[:30]}”.") from None


def _as_it_is(text: str) -> Any:
    return text


def _whole(text: str) -> Any:
    plain = re.sub(r"[,'\u202f\u00a0 ]", "", text) if _GROUPED.fullmatch(text) else text
    return int(plain) if re.fullmatch(r"[+-]?\d{1,12}", plain) else text


def _decimal(text: str) -> Any:
    plain, share = (text[:-1].strip(), 100.0) if text.endswith("%") else (text, 1.0)
    plain = plain.replace(",", ".") if plain.count(",") == 1 and "." not in plain else plain
    try:
        return float(plain) / share if len(plain) <= 40 else text
    except ValueError:
        return text


def _sizes(text: str) -> Any:
    numbers = [_whole(part) for part in _SEPARATORS.split(text.strip("()[] "))]
    if not all(isinstance(number, int) for number in numbers):
        return text
    return numbers[0] if len(numbers) == 1 else numbers


def _padding_value(text: str) -> Any:
    return text.casefold() if text.casefold() in ("valid", "same") else _sizes(text)


_READERS = {"int": _whole, "float": _decimal, "pair": _sizes, "shape": _sizes, "sides": _sizes,
            "padding": _padding_value}


def unfinished(setting: Setting, text: str) -> bool:
    """Whether a text looks like the beginning of a value, so that nothing should be said about it yet."""
    text = text.strip().casefold()
    if setting.kind == "text":
        return False
    if setting.kind == "padding" and text and any(word.startswith(text) for word in ("valid", "same")):
        return text not in ("valid", "same")
    if setting.none and text and setting.none.casefold().startswith(text):
        return text != setting.none.casefold()
    return not text or text[-1] in "×x*,;.-+e( "


def step(setting: Setting, value: Any, by: int) -> Any:
    """The value `by` steps further, kept within the setting's limits."""
    if setting.kind == "float":
        return _float_step(setting, float(value or 0.0), by)
    start = value
    if setting.kind == "padding" and isinstance(value, str):
        start = (0, 0, 0, 0)
    if start is None:
        start = (1, 1)
    if isinstance(start, tuple):
        return tuple(int(_limited(setting, size + by)) for size in start)
    return int(_limited(setting, start + by))


def _float_step(setting: Setting, value: float, by: int) -> float:
    """One unit of the leading digit: 0.001 → 0.002, 0.02 → 0.01, 0.5 → 0.6."""
    for _ in range(abs(by)):
        size = 10.0 ** math.floor(math.log10(abs(value))) if value else 0.1
        shrinks = (by < 0) == (value > 0)
        if value and shrinks and math.isclose(abs(value), size):
            size /= 10
        value = float(f"{value + math.copysign(size, by):.12g}")
    return _limited(setting, value)


def _limited(setting: Setting, value: float) -> float:
    if setting.low is not None:
        value = max(setting.low, value)
    return value if setting.high is None else min(setting.high, value)


def help_text(setting: Setting) -> str:
    """Help, limits and unit in one paragraph, for tool tips and screen readers."""
    limits = setting.limits()
    parts = [setting.help]
    if limits and setting.kind not in ("choice", "bool"):
        parts.append(f"{limits[0].upper()}{limits[1:]}{' ' + setting.unit if setting.unit else ''}.")
    return " ".join(parts)

