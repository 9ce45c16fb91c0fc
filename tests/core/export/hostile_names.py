"""Names that try to become code, and what shows that they did not."""

import ast
from collections.abc import Sequence

from hypothesis import strategies as st

from core.graph.network import Edge, Network, Node
from core.layers import make_layer
from core.layers.input import Input
from core.project import Project

hostile = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30) | st.sampled_from([
    'a"] = 1; __import__("os")', "a\\", "'''", '"""', "#", "\n", "\r", "\u2028", "x", "np", "W", "class", "__class__",
    "{x}", "%s", "ß", "层", "1", "_", "conv2d", "None", "sys.exit()", "print"])


def renamed(names: Sequence[str], title: str, classes: Sequence[str]) -> Project:
    """Four layers of these names; one that is read twice."""
    nodes = [Node("a", Input(shape=(2,)), names[0]), Node("b", make_layer("Dense", {"units": 2}), names[1]),
             Node("c", make_layer("Tanh", {}), names[2]), Node("d", make_layer("Add", {}), names[3])]
    network = Network(name=title).add(*nodes)
    for edge in (Edge("a", "b"), Edge("b", "c"), Edge("c", "d"), Edge("b", "d", 1)):
        network = network.connect(edge)
    return Project(network, classes=tuple(classes))


def skeleton(script: str) -> str:
    """The program without its texts and with its names numbered in each part: the same whatever layers are called."""
    return "\n".join(_plain(part) for part in ast.parse(script).body)


def _plain(part: ast.stmt) -> str:
    known: dict[str, str] = {}
    for node in ast.walk(part):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
        elif isinstance(node, ast.List) and all(isinstance(each, ast.Constant) for each in node.elts):
            node.elts = []
        elif isinstance(node, ast.Name | ast.arg):
            field = "id" if isinstance(node, ast.Name) else "arg"
            setattr(node, field, known.setdefault(getattr(node, field), str(len(known))))
    return ast.dump(part)
