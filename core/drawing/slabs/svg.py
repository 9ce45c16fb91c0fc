"""The slab figure as SVG; texts stay texts."""

from collections.abc import Sequence

from core.drawing.markup import element, escaped, number, text
from core.drawing.routes import Point
from core.drawing.slabs.figure import figure
from core.drawing.slabs.values import Figure, Label, Line, Slab, Window
from core.drawing.style import DARK, LIGHT, TEXT_FONTS, Colours, mix
from core.drawing.svg import Picture
from core.graph.network import Network

# How much of its family's colour each face takes.
FRONT, ROOF, SIDE, EDGE = 0.34, 0.14, 0.22, 0.75
DIMMED = 0.45


def draw(network: Network, *, dark: bool = False, caption: bool = True) -> Picture:
    """The network as slabs; light unless `dark`, with its name and size in figures above it unless not `caption`."""
    return written(figure(network, caption=caption), DARK if dark else LIGHT)


def written(drawn: Figure, colours: Colours) -> Picture:
    """A figure as SVG text."""
    parts = [element("title", escaped(drawn.title)), element("desc", escaped(drawn.about)),
             element("rect", width=drawn.width, height=drawn.height, fill=colours.canvas)]
    parts += [_line(each, colours) for each in drawn.lines]
    parts += [_slab(each, colours) for each in drawn.slabs]
    parts += [_window(each, colours) for each in drawn.windows]
    parts += [_label(each, colours) for each in drawn.labels]
    svg = element("svg", "\n".join(["", *parts, ""]), xmlns="http://www.w3.org/2000/svg", width=drawn.width,
                  height=drawn.height, viewBox=f"0 0 {number(drawn.width)} {number(drawn.height)}",
                  font_family=TEXT_FONTS)
    return Picture(svg + "\n", round(drawn.width), round(drawn.height))


def _path(corners: Sequence[Point]) -> str:
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in corners) + "Z"


def _slab(slab: Slab, colours: Colours) -> str:
    """Roof, side and front of each part; an outline where the size is unknown."""
    family, solid = colours.family(slab.family), slab.solid
    faces = [(solid.side(), SIDE)]
    for part in range(slab.parts):
        ends = (part / slab.parts, (part + 1) / slab.parts)
        faces += [(solid.roof(*ends), ROOF), (solid.front(*ends), FRONT)]
    said = element("title", escaped(slab.about))
    if not slab.known:
        drawn = "".join(element("path", d=_path(corners)) for corners, _ in faces)
        return element("g", said + drawn, fill=colours.canvas, stroke=colours.wire, stroke_width=1.2,
                       stroke_dasharray="5 4", stroke_linejoin="round")
    drawn = "".join(element("path", d=_path(corners), fill=mix(colours.canvas, family, share))
                    for corners, share in faces)
    look = {"opacity": str(DIMMED)} if slab.bypassed else {}
    return element("g", said + drawn, stroke=mix(colours.canvas, family, EDGE), stroke_width=1, stroke_linejoin="round",
                   **look)


def _window(window: Window, colours: Colours) -> str:
    family = colours.family(window.family)
    drawn = element("path", d=_path(window.corners), fill=family, fill_opacity=0.35, stroke_width=1.2)
    if window.point is not None:
        x, y = window.point
        rays = "".join(f"M{number(a)} {number(b)}L{number(x)} {number(y)}" for a, b in window.corners)
        drawn += element("path", d=rays, fill="none", stroke_width=0.9, stroke_dasharray="4 3")
        drawn += element("circle", cx=x, cy=y, r=2.2, fill=family)
    return element("g", drawn, stroke=family)


def _line(line: Line, colours: Colours) -> str:
    look = {} if line.known else {"stroke_dasharray": "6 6"}
    drawn = element("path", d=line.path, fill="none", stroke=colours.wire,
                    stroke_width=1 if line.kind == "fan" else 1.6, **look)
    return drawn + (element("path", d=_path(line.head()), fill=colours.wire) if line.head() else "")


def _label(label: Label, colours: Colours) -> str:
    more: dict[str, str] = {} if label.anchor == "start" else {"text_anchor": label.anchor}
    if label.bold:
        more["font_weight"] = "600"
    colour = {"text": colours.text, "soft": colours.soft, "error": colours.error}[label.role]
    return text(label.text, label.x, label.y, font_size=label.size, fill=colour, **more)
