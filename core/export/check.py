"""Running what was exported: NumPy or Keras in a process of its own answers on the same pictures."""

import importlib.util
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from core.errors import FormatError
from core.layers.base import Array
from core.project import Project
from core.resources import resource

LONGEST_SECONDS = 600
# What Keras can stand on, by the name that it goes by there.
BACKENDS = {"tensorflow": "tensorflow", "torch": "torch", "jax": "jax"}


def run_numpy(path: Path, project: Project, pictures: Array) -> Array:
    """The main output of an exported NumPy script for pictures from 0 to 1; FormatError where it cannot be run."""
    return _run("numpy", "NumPy", path, pictures, {})


def run_keras(path: Path, project: Project, pictures: Array) -> Array:
    """The main output of an exported Keras folder for pictures from 0 to 1; FormatError where it cannot be run."""
    backend = _backend()
    if importlib.util.find_spec("keras") is None or backend is None:
        raise FormatError("Keras is not installed in this Python. Install it with: python -m pip install keras torch")
    return _run("keras", "Keras", path, pictures, {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"})


def _backend() -> str | None:
    """The backend that the user has chosen, or one that is installed; nothing is loaded."""
    chosen = os.environ.get("KERAS_BACKEND", "")
    return next((name for name in (chosen, *BACKENDS) if name in BACKENDS
                 and importlib.util.find_spec(BACKENDS[name]) is not None), None)


def _run(kind: str, program: str, path: Path, pictures: Array, environment: dict[str, str]) -> Array:
    with tempfile.TemporaryDirectory(prefix="guibuilder-") as text:
        work = Path(text)
        model = _unpacked(path, work) if zipfile.is_zipfile(path) else path / "model.py" if path.is_dir() else path
        np.save(work / "x.npy", pictures.astype(np.float32))
        command = [sys.executable, str(resource("export", "check.py")), kind, str(model.resolve()),
                   str(work / "x.npy"), str(work / "y.npy")]
        try:
            done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, cwd=work,
                                  timeout=LONGEST_SECONDS, env={**os.environ, **environment})
        except (OSError, subprocess.TimeoutExpired) as error:
            raise FormatError(f"{program} could not be run ({type(error).__name__}).") from error
        if done.returncode or not (work / "y.npy").is_file():
            last = (done.stderr.strip().splitlines() or ["it gave no answer"])[-1]
            raise FormatError(f"{program} cannot run what was written: {last[:200]}")
        answers: Array = np.load(work / "y.npy", allow_pickle=False)
        return answers


def _unpacked(path: Path, work: Path) -> Path:
    """The model and its weights out of a zip."""
    with zipfile.ZipFile(path) as archive:
        for name in ("model.py", "weights.npz"):
            (work / name).write_bytes(archive.read(name))
    return work / "model.py"
