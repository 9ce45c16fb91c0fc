"""PyTorch: a folder with the network as code, its training as a program for any number of machines, and weights."""

from typing import BinaryIO

from core.export.pytorch.folder import PytorchFolder, pytorch_folder
from core.export.pytorch.training import TORCHRUN
from core.formats.base import Files, Format
from core.formats.folder import text, write_zip
from core.formats.json_text import GENERATOR
from core.formats.weights_files import to_npz, to_safetensors
from core.project import Project


def folder_files(folder: PytorchFolder) -> Files:
    """What fills each file of the folder."""
    weights = to_safetensors(folder.weights, {"generator": GENERATOR})
    files = {each: text(content) for each, content in folder.texts.items()}
    files["weights.safetensors"] = lambda file: file.write(weights)
    if folder.data:
        files["data.npz"] = lambda file: to_npz(folder.data, file)
    return files


def _files(project: Project, name: str) -> Files:
    return folder_files(pytorch_folder(project))


def _write(project: Project, file: BinaryIO) -> None:
    write_zip(_files(project, ""), file)


FORMAT = Format("pytorch", "PyTorch", "", f"A folder with model.py, weights and train.py. For training that outgrows "
                f"this machine: {TORCHRUN}.", _write, files=_files)
