"""The doctor names what is missing with the command that brings it."""

import argparse
import json

import pytest

from guibuilder import system
from guibuilder.command_line import doctor


def _report(capsys, status=0):
    assert doctor.run(argparse.Namespace(json=True)) == status
    checks = json.loads(capsys.readouterr().out)["checks"]
    assert all(set(check) == {"name", "ok", "detail", "fix"} for check in checks)
    return {check["name"]: check for check in checks}


def test_this_computer_is_fine(capsys):
    report = _report(capsys)
    assert {"Python", "numpy", "PySide6-Essentials", "Qt", "system libraries", "threads", "cache folder"} <= set(report)
    assert all(check["ok"] for check in report.values())


def test_missing_libraries_come_with_their_command(capsys, monkeypatch):
    monkeypatch.setattr(system, "missing", lambda libraries: [libraries[0]])
    check = _report(capsys, 3)["system libraries"]
    assert not check["ok"]
    assert "libglib-2.0.so.0" in check["detail"]
    assert "apt-get install" in check["fix"]


@pytest.mark.parametrize(("package", "status"), [("msgspec", 3), ("torch", 0)])
def test_what_is_needed_counts_and_what_is_optional_does_not(capsys, monkeypatch, package, status):
    found = doctor._version
    monkeypatch.setattr(doctor, "_version", lambda name: None if name == package else found(name))
    check = _report(capsys, status)[package]
    assert check["ok"] is (status == 0)
    assert check["fix"] == f"python -m pip install {package}"


def test_people_get_lines_with_marks(capsys, monkeypatch):
    monkeypatch.setattr(doctor, "_version", lambda name: None)
    assert doctor.run(argparse.Namespace(json=False)) == 3
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("ok  Python") for line in lines)
    assert any(line.startswith("!!  numpy") for line in lines)
    assert any("→ python -m pip install numpy" in line for line in lines)
