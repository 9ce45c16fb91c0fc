"""`guibuilder export NET --to FORMAT --out FILE`: a network in another format."""

import argparse
from pathlib import Path

from core.drawing.styles import STYLES
from core.export.lacking import carried
from core.formats import FORMATS, save_file
from core.formats.folder import ZIP
from core.project import Project
from core.worker.messages import Exported, ExportFile
from guibuilder.command_line.common import add_network, checked, load_network, need_folder, print_json, say
from guibuilder.command_line.learned import say_untrained
from guibuilder.command_line.pictures import STYLE_WORDS, write_picture

NAME = "export"
SUMMARY = "write a network in another format, compared with the engine where it can be run here"
# Probabilities further apart than this are not rounding.
LIMIT = 1e-4
PICTURES = {"png": "Picture", "svg": "Picture that stays sharp", "pdf": "Picture for printing",
            "tikz": "Picture for LaTeX"}
# What another program can run is compared with the engine.
COMPARED = ("onnx", "pytorch", "keras", "numpy")
WITH_WEIGHTS = (*COMPARED, "safetensors", "npz")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """NET, the format and the file."""
    add_network(parser)
    titles = {name: each.title for name, each in FORMATS.items()} | PICTURES
    parser.add_argument("--to", required=True, choices=titles, metavar="FORMAT",
                        help="; ".join(f"{name}: {title}" for name, title in titles.items()))
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the file to write; for "
                        "pytorch, keras and numpy a folder, or a .zip")
    parser.add_argument("--style", choices=STYLES, default="canvas",
                        help=f"how a picture is drawn: {STYLE_WORDS} (canvas)")


def run(arguments: argparse.Namespace) -> int:
    """Write it; 1 where what was written does not answer as the engine does."""
    project, out = load_network(arguments), _place(arguments)
    if arguments.to in WITH_WEIGHTS:
        checked(project.network)
        say_untrained(project)
    say(*carried(arguments.to, project).lacking)
    written = Exported(arguments.to, str(out))
    if arguments.to in PICTURES:
        write_picture(project.network, out, arguments.to, style=arguments.style)
    elif arguments.to in (*COMPARED, "html"):
        written = _compared(project, arguments.to, out)
        say(*([written.note] if written.note else []))
    else:
        save_file(project, out, arguments.to)
    return _told(written, as_json=arguments.json)


def _compared(project: Project, to: str, out: Path) -> Exported:
    """Write a format and compare it on real pictures; a report measures on the project's own."""
    from core.worker.exporting import exported
    from core.worker.library import Library

    return exported(ExportFile(0, project, to, str(out)), Library(), lambda text, done, total: None)


def _place(arguments: argparse.Namespace) -> Path:
    """Where to write: a file, or for formats of several files a folder, which may be there already."""
    out: Path = arguments.out
    chosen = FORMATS.get(arguments.to)
    if chosen is None or chosen.files is None or out.suffix.lower() in (ZIP, chosen.suffix or ZIP):
        return need_folder(out)
    need_folder(out / "model.py" if out.is_dir() else out)
    return out


def _told(written: Exported, *, as_json: bool) -> int:
    largest = written.max_difference
    if as_json:
        print_json({"format": written.format, "out": written.path, "max_difference": largest})
    else:
        print(f"{written.path} written" + ("" if largest is None else
              f"; on {written.pictures:,} pictures {written.program} and the engine differ by at most {largest:.1e}"))
    if largest is not None and largest > LIMIT:
        say(f"That is more than rounding can explain ({LIMIT:g}); do not rely on this file.")
        return 1
    return 0
