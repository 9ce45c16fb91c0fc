"""Running what was exported: NumPy or Keras in a process of its own answers on the same pictures."""

import importlib.util
import os
import zipfile
from pathlib import Path

from core.errors import FormatError
from core.export.outside import answers_outside, unpacked
from core.layers.base import Array
from core.project import Project
from core.resources import resource

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
    def command(work: Path) -> list[str | Path]:
        folder = unpacked(path, work, ("model.py", "weights.npz")) if zipfile.is_zipfile(path) else path
        model = folder / "model.py" if folder.is_dir() else folder
        return [resource("export", "check.py"), kind, model.resolve()]

    return answers_outside(program, command, pictures, environment)
