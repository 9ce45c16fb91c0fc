"""Running what was exported: PyTorch in a process of its own answers on the same pictures."""

import importlib.util
from pathlib import Path

from core.errors import FormatError
from core.export.outside import answers_outside, unpacked
from core.export.pytorch.model import write_model
from core.layers.base import Array
from core.project import Project
from core.resources import resource

PIP = "python -m pip install torch"


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

    def command(work: Path) -> list[str | Path]:
        folder = unpacked(path, work, ("model.py", "weights.safetensors")) if path.is_file() else path
        return [resource("export", "pytorch", "check.py"), folder.resolve(), name]

    return answers_outside("PyTorch", command, pictures)
