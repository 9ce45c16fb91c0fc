"""The first five minutes without a display: LeNet learns the built-in digits and is written to files."""

import sys
from pathlib import Path

from core.errors import FileError
from guibuilder.command_line.main import run as run_command

FOLDER = "guibuilder-demo"
MARK = "made-by-guibuilder.txt"
MARK_TEXT = "guibuilder writes its demonstration here and overwrites it.\n"
NETWORK = "lenet5"


def run() -> int:
    """Train, save, export and draw; the first step that fails decides the exit status."""
    print("There is no display for the window, so the same is done here in the terminal.", file=sys.stderr)
    folder = _folder()
    project = folder / f"{NETWORK}.gbnet"
    steps = [
        ["train", NETWORK, "--data", "digits28", "--epochs", "20", "--seed", "0", "--out", str(project)],
        ["export", str(project), "--to", "onnx", "--out", str(folder / f"{NETWORK}.onnx")],
        ["render", str(project), "--out", str(folder / f"{NETWORK}.svg")],
    ]
    for step in steps:
        print(f"\n> guibuilder {' '.join(step)}", flush=True)
        status = run_command(step)
        if status != 0:
            return status
    print(f"\nThe trained network, its ONNX file and its picture are in {folder.resolve()}.")
    print(f"More: {_program()} --help. With a display, {_program()} opens the window.")
    return 0


def _program() -> str:
    """What a person types to start this program: its name where it is installed, else its folder."""
    return "python3 guibuilder" if Path(sys.argv[0]).is_dir() else "guibuilder"


def _folder() -> Path:
    """A folder of our own in the current one, or at home where the current one is read-only; never somebody else's."""
    for parent in (Path(), Path.home()):
        for number in range(1, 100):
            folder = parent / (FOLDER if number == 1 else f"{FOLDER}-{number}")
            if folder.exists() and not (folder / MARK).is_file():
                continue
            try:
                folder.mkdir(exist_ok=True)
                (folder / MARK).write_text(MARK_TEXT, encoding="utf-8")
            except OSError:
                break
            return folder
    raise FileError(f"Neither {Path.cwd()} nor {Path.home()} can be written. Try it in a folder of your own.")
