"""Keras 3: a folder with the model as a Keras user would write it, and its weights."""

from typing import BinaryIO

from core.export.keras_model import keras_model
from core.export.plan import plan_of
from core.formats.base import Files, Format
from core.formats.folder import text, write_zip
from core.formats.weights_files import to_npz
from core.project import Project


def _files(project: Project, name: str) -> Files:
    model = keras_model(plan_of(project))
    return {"model.py": text(model.code), "weights.npz": lambda file: to_npz(model.arrays, file)}


def _write(project: Project, file: BinaryIO) -> None:
    write_zip(_files(project, ""), file)


FORMAT = Format("keras", "Keras", "", "A folder with model.py (Keras 3), its weights, and a training script.", _write,
                files=_files)
