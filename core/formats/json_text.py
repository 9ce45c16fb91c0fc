"""JSON that other people wrote: read strictly, with limits, and in one sentence when it is not what it should be."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from core.errors import FormatError
from core.version import VERSION

LARGEST_TEXT = 16_000_000
DEEPEST = 64
_LARGEST_WHOLE = 2**63

GENERATOR = f"guibuilder {VERSION}"
Step = Callable[[dict[str, Any]], dict[str, Any]]


def parse(data: bytes, what: str) -> dict[str, Any]:
    """The JSON object in `data`; FormatError for anything else, for repeated keys, NaN, and absurd depth or size.

    `what` names the file in the sentence.
    """
    if len(data) > LARGEST_TEXT:
        raise FormatError(f"{what} is {len(data) / 1e6:,.0f} MB of text; at most {LARGEST_TEXT / 1e6:.0f} MB are read.")
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        value = msgspec.json.decode(data)
        # msgspec takes the last of several equal keys; a second look finds them.
        json.loads(data, object_pairs_hook=_unique)
    except FormatError as error:
        raise FormatError(f"{what} {error.message}") from error
    except RecursionError as error:
        raise FormatError(f"{what} is nested too deeply; the file is damaged.") from error
    except ValueError as error:
        raise FormatError(f"{what} is not proper JSON ({_reason(error)}); the file is damaged.") from error
    if not isinstance(value, dict):
        raise FormatError(f"{what} is not a JSON object; the file is damaged.")
    _check_values(value, what)
    return value


def upgrade(data: dict[str, Any], current: int, steps: Mapping[int, Step], what: str) -> dict[str, Any]:
    """The data as version `current` has it: each step takes it from version n to n + 1."""
    version = data.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise FormatError(f"{what} does not say which version it has; the file is damaged.")
    if version > current:
        maker = str(data.get("generator") or "a newer program")[:60]
        raise FormatError(f"{what} was made with {maker} and has version {version}; this is guibuilder {VERSION}, "
                          f"which reads up to version {current}. Please update.")
    while version < current:
        data = {**steps[version](data), "version": version + 1}
        version += 1
    return data


def dumps(value: Any, indent: int | None = None) -> str:
    """A value as JSON text, letters as they are; refuses NaN."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)


def encoded(text: str) -> bytes:
    """UTF-8; half letters, which no file can hold, become question marks."""
    return text.encode("utf-8", errors="replace")


def _unique(pairs: list[tuple[str, Any]]) -> None:
    keys = [key for key, _ in pairs]
    if len(set(keys)) < len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise FormatError(f"has the key {twice[:40]!r} twice; the file is damaged.")


def _check_values(value: Any, what: str) -> None:
    """Depth, and whole numbers that other programs could hold; without recursion, which depth could exhaust."""
    waiting = [(value, 1)]
    while waiting:
        each, depth = waiting.pop()
        if depth > DEEPEST:
            raise FormatError(f"{what} is nested too deeply; the file is damaged.")
        if isinstance(each, int) and not -_LARGEST_WHOLE <= each < _LARGEST_WHOLE:
            raise FormatError(f"{what} holds an absurdly large number; the file is damaged.")
        if isinstance(each, dict):
            waiting.extend((inner, depth + 1) for inner in each.values())
        elif isinstance(each, list):
            waiting.extend((inner, depth + 1) for inner in each)


def _reason(error: ValueError) -> str:
    text = str(error).split("\n", 1)[0].removeprefix("JSON is malformed: ")
    return text[:1].lower() + text[1:80]
