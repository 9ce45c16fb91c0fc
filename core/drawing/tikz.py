"""A network as TikZ for LaTeX: the picture of `core.drawing.svg`, with its texts set by TeX."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from core.drawing.measure import elided, number_width, text_width
from core.drawing.nodes import HEADER, PORT, RADIUS, NodeText, count_shown, input_height
from core.drawing.routes import Route
from core.drawing.style import LIGHT, Colours
from core.drawing.svg import laid_out
from core.graph.arrange import NODE_HEIGHT, NODE_WIDTH
from core.graph.network import Edge, Network
from core.graph.shapes import Inference
from core.layers.base import describe

# One pixel of the canvas in big points, as in PDF.
POINTS = 0.75
_NAME, _KIND, _SETTINGS, _SHAPE, _COUNT, _LABEL = 13.0, 11.0, 12.0, 12.5, 11.0, 11.0
_LEFT, _RIGHT = 12.0, NODE_WIDTH - 12.0
_GAP = 8.0
_SPECIAL = {"\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%",
            "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}",
            ">": r"\textgreater{}", '"': r"\textquotedbl{}", "|": r"\textbar{}", "`": r"\textasciigrave{}",
            "'": r"\textquotesingle{}", "-": r"\mbox{-}", "×": r"$\times$", "·": r"$\cdot$", "−": r"$-$",
            "→": r"$\to$", "√": r"$\surd$", "Σ": r"$\Sigma$", "≤": r"$\leq$", "≥": r"$\geq$", "…": r"\dots{}",
            "⁻": r"$^{-}$", "ˣ": r"$^{x}$", "²": r"$^{2}$", "³": r"$^{3}$", "½": r"$\frac12$", "–": "--", "—": "---",
            "“": "``", "”": "''", "’": "'", "α": r"$\alpha$", "β": r"$\beta$", "γ": r"$\gamma$", "ε": r"$\varepsilon$",
            "η": r"$\eta$", "λ": r"$\lambda$", "μ": r"$\mu$", "σ": r"$\sigma$"}
# The letters that every LaTeX sets: Western and Central European ones.
_LAST_LETTER = "\u017f"
_PATH = re.compile(r"([MLC])([^MLC]*)")


def tikz(network: Network) -> str:
    """A document of its own that pdflatex, lualatex and xelatex compile; the tikzpicture in it can be copied.

    Letters beyond the Western and Central European ones become question marks.
    """
    inference, _, said, routes = laid_out(network)
    lines = [_wire(each, known=inference.shapes.get(edge.source) is not None) for edge, each in routes.items()]
    lines += _labels(inference, routes)
    for each in said.values():
        lines += _node(each)
    return document(lines)


def document(lines: Sequence[str]) -> str:
    """A whole document around the commands of a picture; places in them are pixels of the canvas, y downwards."""
    body = "\n".join(f"  {line}" for line in lines)
    return "\n".join([
        "% Compile it as it is, or copy the tikzpicture and the colours above it.",
        r"\documentclass[tikz, border=6bp]{standalone}", r"\usepackage[T1]{fontenc}", r"\usepackage{textcomp}",
        *_definitions(LIGHT), r"\begin{document}",
        rf"\begin{{tikzpicture}}[x={POINTS}bp, y=-{POINTS}bp, every node/.style={{inner sep=0bp, outer sep=0bp}}]",
        body, r"\end{tikzpicture}", r"\end{document}", ""])


def escaped(text: str) -> str:
    """A text as TeX sets it; nothing of it is taken for a command."""
    return "".join(_letter(letter) for letter in unicodedata.normalize("NFC", text))


def _letter(letter: str) -> str:
    if letter in _SPECIAL:
        return _SPECIAL[letter]
    plain = letter.isprintable() and (letter.isascii() or (letter <= _LAST_LETTER and letter.isalpha()))
    return letter if plain else "?"


def _definitions(colours: Colours) -> list[str]:
    named = {"panel": colours.panel, "hairline": colours.hairline, "wire": colours.wire, "strong": colours.text,
             "soft": colours.soft, "problem": colours.error, "canvas": colours.canvas, **colours.families}
    return [rf"\definecolor{{net-{name}}}{{HTML}}{{{value[1:]}}}" for name, value in named.items()]


def _wire(each: Route, *, known: bool) -> str:
    style = "" if known else ", dashed"
    return rf"\draw[net-wire, line width=1.5bp, line cap=round{style}] {way(each.path)};"


def way(path: str) -> str:
    """An SVG path of M, L and C as TikZ has it."""
    parts = []
    for kind, numbers in _PATH.findall(path):
        values = numbers.split()
        points = [f"({x}, {y})" for x, y in zip(values[::2], values[1::2], strict=True)]
        parts.append({"M": "{}", "L": "-- {}", "C": ".. controls {} and {} .. {}"}[kind].format(*points))
    return " ".join(parts)


def _labels(inference: Inference, routes: Mapping[Edge, Route]) -> list[str]:
    found = []
    for edge, each in routes.items():
        if each.label is None:
            continue
        shape = describe(inference.shapes.get(edge.source))
        wide, (x, y) = max(36.0, number_width(shape, _LABEL) + 24), each.label
        found.append(rf"\filldraw[fill=net-canvas, draw=net-hairline, rounded corners=6bp] "
                     rf"({x - wide / 2:g}, {y - 9:g}) rectangle ({x + wide / 2:g}, {y + 9:g});")
        found.append(text_node(shape, x, y + 4, _LABEL, "net-soft", anchor="base", family=r"\ttfamily"))
    return found


def _node(said: NodeText) -> list[str]:
    node, family = said.node, f"net-{_family(said)}"
    shape = f"(0, 0) rectangle ({NODE_WIDTH}, {said.height:g})"
    corners = f"rounded corners={RADIUS * POINTS:g}bp"
    edge = "net-problem" if said.error else "net-hairline!88!net-wire"
    dimmed = ", transparency group, opacity=0.45" if node.layer.bypassed else ""
    lines = [rf"\begin{{scope}}[shift={{({node.position[0]:g}, {node.position[1]:g})}}{dimmed}]",
             rf"\begin{{scope}}\clip[{corners}] {shape};", rf"\fill[net-panel] {shape};",
             rf"\fill[{family}!15!net-panel] (0, 0) rectangle ({NODE_WIDTH}, {HEADER});",
             rf"\fill[{family}] (0, 0) rectangle (4, {said.height:g});", r"\end{scope}",
             rf"\draw[{edge}, {corners}] {shape};", *_texts(said, family)]
    for port in range(said.ports):
        lines.append(rf"\filldraw[fill=net-panel, draw=net-wire, line width=1.2bp] (0, "
                     rf"{input_height(port, said.ports):g}) circle [radius={PORT}];")
    lines.append(rf"\fill[{family}] ({NODE_WIDTH}, {NODE_HEIGHT / 2:g}) circle [radius={PORT}];")
    return [*lines, r"\end{scope}"]


def _family(said: NodeText) -> str:
    family = said.node.layer.family
    return family if family in LIGHT.families else "merge"


def _texts(said: NodeText, family: str) -> list[str]:
    node, room = said.node, _RIGHT - _LEFT
    name, kind = node.name, node.type
    both = text_width(name, _NAME, bold=True) + _GAP + text_width(kind, _KIND, bold=True) <= room
    shown_name = name if both else elided(name, room, _NAME, bold=True)
    found = [text_node(shown_name, _LEFT, 16, _NAME, "net-strong", bold=True)]
    if both:
        found.append(text_node(kind, _RIGHT, 16, _KIND, family, anchor="base east", bold=True))
    short = "bypassed" if node.layer.bypassed else node.layer.short()
    if short:
        size = max(10.0, min(_SETTINGS, _SETTINGS * room / text_width(short, _SETTINGS)))
        found.append(text_node(elided(short, room, size), _LEFT, 43.5, size, "net-soft"))
    shown, colour = (said.complaint, "net-problem") if said.error else (said.shape, "net-strong")
    found.append(text_node(shown, _LEFT, 61.5, _SHAPE, colour, bold=True))
    count = "" if said.error else count_shown(said)
    if count:
        found.append(text_node(count, _RIGHT, 61.5, _COUNT, "net-soft", anchor="base east"))
    return found


def text_node(content: str, x: float, y: float, size: float, colour: str, *, anchor: str = "base west",
              bold: bool = False, family: str = r"\sffamily") -> str:
    """A line of text of `size` pixels; nothing of it is taken for a command."""
    weight = r"\bfseries" if bold else ""
    font = rf"{family}{weight}\fontsize{{{size * POINTS:.4g}}}{{{size:.4g}}}\selectfont"
    return rf"\node[anchor={anchor}, text={colour}, font={font}] at ({x:g}, {y:g}) {{{escaped(content)}}};"
