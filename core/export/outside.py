"""Another program in a process of its own, which answers on pictures by what was exported."""

import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from core.errors import FormatError
from core.layers.base import Array

LONGEST_SECONDS = 600


def answers_outside(program: str, command: Callable[[Path], Sequence[str | Path]], pictures: Array,
                    environment: Mapping[str, str] | None = None) -> Array:
    """What a script of Python's writes for pictures; FormatError, in the `program`'s name, where it cannot.

    `command` gives the script and its arguments for a folder to work in; the files of pictures and answers follow them.
    """
    with tempfile.TemporaryDirectory(prefix="guibuilder-") as text:
        work = Path(text)
        given, made = work / "x.npy", work / "y.npy"
        np.save(given, pictures.astype(np.float32))
        line = [sys.executable, *map(str, (*command(work), given, made))]
        try:
            done = subprocess.run(line, capture_output=True, text=True, errors="replace", check=False, cwd=work,
                                  timeout=LONGEST_SECONDS, env={**os.environ, **(environment or {})})
        except (OSError, subprocess.TimeoutExpired) as error:
            raise FormatError(f"{program} could not be run ({type(error).__name__}).") from error
        if done.returncode or not made.is_file():
            last = (done.stderr.strip().splitlines() or ["it gave no answer"])[-1]
            raise FormatError(f"{program} cannot run what was written: {last[:200]}")
        answers: Array = np.load(made, allow_pickle=False)
        return answers


def unpacked(path: Path, work: Path, names: Sequence[str]) -> Path:
    """The folder to work in, with these files out of a zip."""
    with zipfile.ZipFile(path) as archive:
        for name in names:
            (work / name).write_bytes(archive.read(name))
    return work
