"""Running what was exported: PyTorch in a process of its own answers on the same pictures."""

import importlib.util
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from core.errors import FormatError
from core.export.pytorch.model import write_model
from core.layers.base import Array
from core.project import Project
from core.resources import resource

PIP = "python -m pip install torch"
LONGEST_SECONDS = 600


def torch_is_here() -> bool:
    """Whether PyTorch is installed in this Python; it is not loaded."""
    return importlib.util.find_spec("torch") is not None


def run_pytorch(path: Path, project: Project, pictures: Array) -> Array:
    """The main output of an exported folder (or zip) for pictures as the network takes them; FormatError if it cannot.

    `project` is the one that was exported: it says what the class in model.py is called.
    """
    if not torch_is_here():
        raise FormatError(f"PyTorch is not installed in this Python. Install it with: {PIP}")
    name = write_model(project.network, project.options.loss).name
    with tempfile.TemporaryDirectory(prefix="guibuilder-") as text:
        work = Path(text)
        folder = _unpacked(path, work) if path.is_file() else path
        np.save(work / "x.npy", pictures.astype(np.float32))
        command = [sys.executable, str(resource("export", "pytorch", "check.py")), str(folder.resolve()), name,
                   str(work / "x.npy"), str(work / "y.npy")]
        try:
            done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False,
                                  timeout=LONGEST_SECONDS, cwd=work)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise FormatError(f"PyTorch could not be run ({type(error).__name__}).") from error
        if done.returncode or not (work / "y.npy").is_file():
            last = (done.stderr.strip().splitlines() or ["it gave no answer"])[-1]
            raise FormatError(f"PyTorch cannot run the folder: {last[:200]}")
        answers: Array = np.load(work / "y.npy", allow_pickle=False)
        return answers


def _unpacked(path: Path, work: Path) -> Path:
    """The model and its weights out of a zip."""
    with zipfile.ZipFile(path) as archive:
        for name in ("model.py", "weights.safetensors"):
            (work / name).write_bytes(archive.read(name))
    return work
