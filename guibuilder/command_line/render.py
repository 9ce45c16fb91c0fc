"""`guibuilder render NET --out FILE`: a picture of the network."""

import argparse
from pathlib import Path

from core.drawing.styles import STYLES
from guibuilder.command_line.common import add_network, find_network, print_json
from guibuilder.command_line.pictures import STYLE_WORDS, write_picture

NAME = "render"
SUMMARY = "picture of a network (.svg, .png, .pdf or .tex)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """NET, the file and the look."""
    add_network(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the picture to write")
    parser.add_argument("--style", choices=STYLES, default="canvas",
                        help=f"how the network is drawn: {STYLE_WORDS} (canvas)")
    parser.add_argument("--dark", action="store_true", help="light on dark")
    parser.add_argument("--scale", type=float, default=2.0, metavar="X", help="PNG pixels for one of the canvas (2)")


def run(arguments: argparse.Namespace) -> int:
    """Draw it; a network with problems is drawn too, with them."""
    network = find_network(arguments.network).network
    scale = min(max(arguments.scale, 0.1), 10.0)
    size = write_picture(network, arguments.out, dark=arguments.dark, scale=scale,
                         style=arguments.style)
    if arguments.json:
        print_json({"out": str(arguments.out), "size": list(size)})
    else:
        unit = "points" if arguments.out.suffix.lower() == ".pdf" else "pixels"
        print(f"{arguments.out}: {size[0]:,} × {size[1]:,} {unit}")
    return 0
