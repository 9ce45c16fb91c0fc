"""Pictures of a network as files: SVG and TikZ by ourselves; PNG and PDF are the SVG, painted by Qt."""

import importlib
from pathlib import Path

from core.drawing.styles import STYLES
from core.drawing.svg import Picture
from core.errors import SystemLibraryError, UsageError
from core.formats.atomic import write_atomically
from core.graph.arrange import arrange
from core.graph.network import Network

KINDS = ("svg", "png", "pdf", "tikz")
STYLE_WORDS = "; ".join(f"{name}: {style.words}" for name, style in STYLES.items())
ENDINGS = ("svg", "png", "pdf", "tex")


def write_picture(network: Network, path: Path, kind: str = "", *, dark: bool = False,
                  scale: float = 2.0, style: str = "canvas") -> tuple[int, int]:
    """Draw a network as svg, png, pdf or tikz, or as the ending says; gives its size (pixels; points of a PDF).

    `style` is one of `core.drawing.styles.STYLES`.
    """
    kind = kind or path.suffix.lower().removeprefix(".").replace("tex", "tikz")
    if kind not in KINDS:
        raise UsageError(f"{path} must end in {', '.join(f'.{each}' for each in KINDS)}.")
    network = arranged(network)
    picture = STYLES[style].draw(network, dark=dark)
    if kind == "tikz":
        source = STYLES[style].tikz(network)
        write_atomically(path, lambda file: file.write(source.encode("utf-8")))
        return picture.width, picture.height
    if kind == "svg":
        write_atomically(path, lambda file: file.write(picture.svg.encode("utf-8")))
        return picture.width, picture.height
    return _painted(picture, path, kind, scale)


def arranged(network: Network) -> Network:
    """The network as it lies, or laid out where layers share one place, as in files that name no places."""
    places = {node.position for node in network.nodes.values()}
    return network if len(places) == len(network.nodes) else network.move(arrange(network))


def _painted(picture: Picture, path: Path, kind: str, scale: float) -> tuple[int, int]:
    """The name of the module is a text so that no command ever imports Qt, but for this."""
    try:
        painter = importlib.import_module("guibuilder.picture")
    except ImportError as error:
        raise SystemLibraryError(f"PNG and PDF are painted by Qt, which does not load here ({error}). Write .svg "
                                 f"instead; guibuilder doctor names what is missing.") from error
    size: tuple[int, int] = painter.write_picture(picture.svg, path, scale, kind)
    return size
