"""NumPy: one readable script that needs nothing else, and its weights."""

from typing import BinaryIO

from core.formats.base import Files, Format
from core.formats.folder import text, write_zip
from core.formats.weights_files import to_npz
from core.project import Project, complete_weights


def _files(project: Project, name: str) -> Files:
    # The window loads all formats when it starts; what writes them can wait.
    from core.export.numpy_script import arrays_used, numpy_script
    from core.export.plan import plan_of

    plan = plan_of(project)
    script, weights = f"{name or 'model'}.py", f"{name or 'weights'}.npz"
    arrays = complete_weights(project)
    return {script: text(numpy_script(plan, script, weights)),
            weights: lambda file: to_npz({key: arrays[key] for key in arrays_used(plan)}, file)}


def _write(project: Project, file: BinaryIO) -> None:
    write_zip(_files(project, ""), file)


FORMAT = Format("numpy", "NumPy script", ".py", "A script to read and to run with NumPy alone, and its weights "
                "beside it.", _write, files=_files)
