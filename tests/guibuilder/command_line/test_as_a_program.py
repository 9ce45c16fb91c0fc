"""The program as others call it: in a process of its own, without Qt, on hostile files."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.formats.hostile import corpus

FILES = corpus()
ROOT = Path(__file__).resolve().parents[3]
WITHOUT_QT = "import sys; sys.modules['PySide6'] = None; from guibuilder.__main__ import main; sys.exit(main())"


def _run(*arguments, folder=ROOT, code=None):
    start = ["-c", code] if code else ["-m", "guibuilder"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run([sys.executable, *start, *map(str, arguments)], capture_output=True, text=True, check=False,
                          cwd=folder, env=environment, encoding="utf-8")


@pytest.mark.parametrize("arguments", [("summary", "lenet5"), ("templates",), ("data",), ("check", "mlp")], ids=str)
def test_one_json_object_without_qt(arguments):
    found = _run(*arguments, "--json", code=WITHOUT_QT)
    assert (found.returncode, found.stderr) == (0, "")
    assert isinstance(json.loads(found.stdout), dict)


def test_training_and_exporting_without_qt(tmp_path):
    trained = _run("train", "mlp", "--data", "digits28", "--epochs", 1, "--out", tmp_path / "a.gbnet", "--json",
                   code=WITHOUT_QT)
    assert trained.returncode == 0, trained.stderr
    assert json.loads(trained.stdout)["test_accuracy"] > 0.7
    for name in ("onnx", "svg"):
        found = _run("export", tmp_path / "a.gbnet", "--to", name, "--out", tmp_path / f"a.{name}", code=WITHOUT_QT)
        assert found.returncode == 0, found.stderr
    found = _run("render", "mlp", "--out", tmp_path / "a.png", code=WITHOUT_QT)
    assert found.returncode == 3
    assert "painted by Qt" in found.stderr


def test_statuses_of_the_shell(tmp_path):
    (tmp_path / "a.gbnet").write_bytes(b"PK\x03\x04")
    for arguments, status in ((("summary", "a.gbnet"), 3), (("summary", "nothing"), 2), (("summary",), 2),
                              (("summary", "lenet5", "--input", "1,8,8"), 1), (("summary", "lenet5"), 0)):
        found = _run(*arguments, folder=tmp_path)
        assert found.returncode == status, found.stderr
        assert "Traceback" not in found.stderr


@pytest.mark.parametrize("name", FILES)
def test_hostile_files_are_status_3_and_one_sentence(command, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(FILES[name])
    found = command("summary", path, "--json")
    assert (found.status, found.out) == (3, "")
    assert found.err.startswith("guibuilder: ")
    assert found.err.count("\n") == 1
    assert [each.name for each in tmp_path.iterdir()] == [name]
