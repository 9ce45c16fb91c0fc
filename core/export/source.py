"""Taking single functions and classes out of the files of `resources/export`, with those that they call."""

import ast
from collections.abc import Iterable
from functools import cache

from core.resources import resource


@cache
def shipped(name: str) -> str:
    """The text of a file of `resources/export`."""
    return resource("export", name).read_text("utf-8")


def after_mark(name: str, mark: str = "# begin\n") -> str:
    """What follows the mark in a shipped file."""
    return shipped(name).partition(mark)[2]


def pick(name: str, wanted: Iterable[str]) -> list[str]:
    """The functions and classes of a shipped file that are wanted or needed by these, in the file's order, as text."""
    parts = _parts(name)
    found: set[str] = set()
    waiting = set(wanted)
    while waiting:
        each = waiting.pop()
        found.add(each)
        waiting |= parts[each][1] - found
    return [text for each, (text, _) in parts.items() if each in found]


@cache
def _parts(name: str) -> dict[str, tuple[str, frozenset[str]]]:
    """For each function and class its text and which others it names."""
    source = shipped(name)
    tree = ast.parse(source)
    nodes = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    lines = source.splitlines()
    found = {}
    for each, node in nodes.items():
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        needs = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)} & nodes.keys() - {each}
        found[each] = ("\n".join(lines[first - 1:node.end_lineno]), frozenset(needs))
    return found
