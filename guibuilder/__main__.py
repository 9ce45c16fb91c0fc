"""Starts guibuilder: the window, a command of the command line, or first of all the set-up of a fresh checkout."""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    # `python3 guibuilder` puts this folder first on the path, `python -m guibuilder` the current one, which may hold
    # another `core`; what is meant is the folder that holds this package.
    _home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    if not __package__:
        sys.path[0] = _home
    elif not getattr(sys.flags, "safe_path", False) and os.path.realpath(sys.path[0]) != os.path.realpath(_home):
        del sys.path[0]

import multiprocessing
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Run what the arguments ask for; returns the exit status."""
    multiprocessing.freeze_support()
    given = sys.argv[1:] if arguments is None else arguments
    _prepare_streams()
    from guibuilder import bootstrap

    if __name__ == "__main__" and bootstrap.needed():
        return bootstrap.start_again(Path(__file__).resolve().parent, given)
    from guibuilder.command_line.main import run

    return run(given, _open_window)


def _open_window(file: str | None) -> int:
    from guibuilder.start import start

    return start(file)


def _prepare_streams() -> None:
    """Let a terminal show a question mark for what it lacks, and give a windowed start the streams it was not given."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


if __name__ == "__main__":
    sys.exit(main())
