"""Keras 3: a folder with the model as a Keras user would write it, its weights, and a program that trains it."""

from typing import BinaryIO

from core.formats.base import Files, Format, Write
from core.formats.folder import text, write_zip
from core.formats.weights_files import to_npz
from core.project import Project


def _files(project: Project, name: str) -> Files:
    # The window loads all formats when it starts; what writes them can wait.
    from core.export.keras_model import keras_model
    from core.export.keras_training import config_text, pictures, readme_text, train_text, trains
    from core.export.plan import plan_of

    plan = plan_of(project, auxiliary=True)
    model = keras_model(plan)
    files: dict[str, Write] = {"model.py": text(model.code), "weights.npz": lambda file: to_npz(model.arrays, file)}
    if not trains(project, plan):
        return files | {"README.md": text(readme_text(project, with_training=False, with_pictures=False))}
    data = pictures(project, plan)
    files |= {"train.py": text(train_text()), "config.json": text(config_text(project, plan, model)),
              "README.md": text(readme_text(project, with_training=True, with_pictures=bool(data)))}
    return files | ({"data.npz": lambda file: file.write(data)} if data else {})


def _write(project: Project, file: BinaryIO) -> None:
    write_zip(_files(project, ""), file)


FORMAT = Format("keras", "Keras", "", "A folder with model.py (Keras 3), its weights and train.py.", _write,
                files=_files)
