"""Exported programs, opened in this process or run in others."""

import importlib.util
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from core.formats import save_file
from core.project import Project


def written(project: Project, folder: Path) -> Path:
    """The project's folder for PyTorch."""
    save_file(project, folder, "pytorch")
    return folder


@contextmanager
def opened(folder: Path):
    """The module train.py of a folder, with its model beside it."""
    spec = importlib.util.spec_from_file_location(f"train_{folder.name}", folder / "train.py")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(folder))
    sys.modules.pop("model", None)
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.dont_write_bytecode = before
        sys.modules.pop("model", None)
        sys.path.remove(str(folder))


def run(folder: Path, *arguments: object, processes: int = 1) -> dict:
    """Run train.py, in several processes where asked for, and give its metrics."""
    command = [sys.executable, "train.py"]
    if processes > 1:
        command = [sys.executable, "-m", "torch.distributed.run", f"--nproc_per_node={processes}", "--standalone",
                   "train.py"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([*command, *map(str, arguments)], cwd=folder, capture_output=True, text=True, check=False,
                          env=environment)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return {"said": done.stdout, **json.loads((folder / "metrics.json").read_text())}


def with_options(folder: Path, **changes: object) -> None:
    """Change options in config.json, as a person would."""
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config["training"] |= changes
    path.write_text(json.dumps(config))
