"""Lines of program text: names put into patterns, and lines that are too long broken where a person would."""

import re
from collections.abc import Mapping

# What formatters of Python break at.
WIDTH = 88


def filled(pattern: str, values: Mapping[str, str]) -> str:
    """The pattern with {name} replaced; what is put in is not looked at again."""
    return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], found[0]), pattern)


def broken(line: str, width: int = WIDTH) -> list[str]:
    """A line, or several where it is too long: its outermost arguments go onto lines of their own."""
    if len(line) <= width:
        return [line]
    inner = _outermost(line)
    if inner is None:
        return [line]
    start, end, parts = inner
    indent = " " * (len(line) - len(line.lstrip()))
    together = f"{indent}    {', '.join(parts)}"
    between = [together] if len(together) <= width else [f"{indent}    {part}," for part in parts]
    return [line[:start], *between, indent + line[end:]]


def _outermost(line: str) -> tuple[int, int, list[str]] | None:
    """Where the last outermost bracket that is worth it begins and ends, and the parts between its commas."""
    depth, start, cut, found = 0, 0, 0, None
    parts: list[str] = []
    quote = ""
    for place, letter in enumerate(line):
        if quote:
            quote = "" if letter == quote and line[place - 1] != "\\" else quote
        elif letter in "'\"":
            quote = letter
        elif letter in "([{":
            depth += 1
            if depth == 1:
                start, cut, parts = place + 1, place + 1, []
        elif letter in ")]}":
            depth -= 1
            if depth == 0:
                found = (start, place, [*parts, line[cut:place].strip()])
        elif letter == "," and depth == 1:
            parts.append(line[cut:place].strip())
            cut = place + 1
    return found
