"""The ways in which a network can be drawn."""

from dataclasses import dataclass
from typing import Protocol

from core.drawing.slabs.svg import draw as draw_slabs
from core.drawing.slabs.tikz import tikz as slabs_as_tikz
from core.drawing.svg import Picture, draw
from core.drawing.tikz import tikz
from core.graph.network import Network


class Draws(Protocol):
    """Draws a network as SVG; light unless `dark`, with name and figures above it unless not `caption`."""

    def __call__(self, network: Network, *, dark: bool = False, caption: bool = True) -> Picture: ...


class Writes(Protocol):
    """Writes a network as a LaTeX document with a TikZ picture."""

    def __call__(self, network: Network) -> str: ...


@dataclass(frozen=True)
class Style:
    """A way to draw: its title, what it shows in a few words and in a sentence, and what draws it."""

    title: str
    words: str
    about: str
    draw: Draws
    tikz: Writes


STYLES = {
    "canvas": Style("Canvas", "as it lies on the canvas", "The layers as they lie on the canvas, with settings, shapes "
                    "and parameters.", draw, tikz),
    "slabs": Style("Slabs", "feature maps as slabs, as in papers", "Feature maps as slabs with their sizes and "
                   "kernels, vectors as bars, as in papers and lectures. Activations are named under the slab they "
                   "follow.",
                   draw_slabs, slabs_as_tikz),
}
