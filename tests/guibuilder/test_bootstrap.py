"""Setting up a checkout: what is made, when it is made again, and what is said when it cannot be."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from guibuilder import bootstrap

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """An empty project in a folder of its own, with a user cache beside it."""
    root = tmp_path / "checkout"
    root.mkdir()
    (root / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    monkeypatch.setattr(bootstrap, "ROOT", root)
    monkeypatch.setattr(bootstrap, "_user_cache", lambda: tmp_path / "cache")
    return root


@pytest.fixture
def installs(monkeypatch):
    """Stands in for making and filling environments; gives the list of what would have been installed."""
    done = []

    def make(base, folder):
        python = bootstrap.python_of(folder)
        python.parent.mkdir(parents=True, exist_ok=True)
        python.touch()

    monkeypatch.setattr(bootstrap, "_make", make)
    monkeypatch.setattr(bootstrap, "_install", lambda base, folder, what, megabytes: done.append(what[-1]))
    return done


def test_a_first_start_installs_the_project_and_a_second_one_nothing(checkout, installs, capsys):
    python = bootstrap.prepare()
    assert python == bootstrap.python_of(checkout / ".venv")
    assert installs == [str(checkout)]
    said = capsys.readouterr()
    assert str(checkout / ".venv") in said.err
    assert "MB to download" in said.err
    assert said.out == ""
    assert bootstrap.prepare() == python
    assert len(installs) == 1
    assert capsys.readouterr().err == ""


def test_the_tests_need_more_and_what_was_installed_stays(checkout, installs):
    bootstrap.prepare()
    bootstrap.prepare(("test",))
    assert installs[-1] == f"{checkout}[test]"
    (checkout / "pyproject.toml").write_text("[project]\nname = 'changed'\n", encoding="utf-8")
    bootstrap.prepare()
    assert installs[-1] == f"{checkout}[test]"
    assert len(installs) == 3


@pytest.mark.parametrize("key", ["project", "root", "python"])
def test_another_project_folder_or_interpreter_sets_up_again(checkout, installs, key):
    bootstrap.prepare()
    stamp = checkout / ".venv" / bootstrap.STAMP
    content = json.loads(stamp.read_text(encoding="utf-8"))
    stamp.write_text(json.dumps({**content, key: "another"}), encoding="utf-8")
    assert not bootstrap.is_ready(checkout / ".venv", ())
    bootstrap.prepare()
    assert len(installs) == 2


@pytest.mark.parametrize("content", ["", "{", "[]", '{"extras": 3}'])
def test_a_damaged_stamp_is_no_stamp(checkout, installs, content):
    bootstrap.prepare()
    (checkout / ".venv" / bootstrap.STAMP).write_text(content, encoding="utf-8")
    bootstrap.prepare()
    assert len(installs) == 2


def test_a_failed_set_up_leaves_no_stamp(checkout, installs, monkeypatch):
    def fail(*arguments):
        raise bootstrap.SetupError("no network")

    monkeypatch.setattr(bootstrap, "_install", fail)
    with pytest.raises(bootstrap.SetupError):
        bootstrap.prepare()
    assert not bootstrap.is_ready(checkout / ".venv", ())


def test_a_read_only_checkout_uses_the_cache(checkout, installs, tmp_path, monkeypatch):
    writable = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: checkout not in Path(path).parents and writable(path, mode))
    python = bootstrap.prepare()
    assert (tmp_path / "cache" / "guibuilder") in python.parents


def test_no_writable_folder_at_all_is_one_sentence(checkout, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(bootstrap.SetupError, match="Make one of them writable"):
        bootstrap.environment_folder()


def test_an_old_python_looks_for_a_newer_one(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/bin/{name}" if name == "python3.12" else None)
    assert bootstrap._base_python() == "/bin/python3.12"
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    with pytest.raises(bootstrap.SetupError, match=r"3\.11 or newer is needed; this is 3\.9"):
        bootstrap._base_python()


def test_python_without_its_own_tools_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    monkeypatch.setattr(bootstrap, "_runs", lambda arguments: False)
    with pytest.raises(bootstrap.SetupError, match="python3-venv"):
        bootstrap._make(sys.executable, tmp_path / "environment")


def test_an_environment_is_really_made_and_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    folder = tmp_path / "environment"
    real = subprocess.run
    # Without pip it is there in a tenth of the time.
    monkeypatch.setattr(
        bootstrap.subprocess, "run",
        lambda command, **options: real([*command, "--without-pip"] if "venv" in command else command, **options),
    )
    bootstrap._make(sys.executable, folder)
    (folder / "kept").touch()
    assert bootstrap._runs([str(bootstrap.python_of(folder)), "-c", "pass"])
    bootstrap._make(sys.executable, folder)
    assert (folder / "kept").exists()


def test_pip_is_reported_in_megabytes(capsys):
    sofar = bootstrap._report("  Downloading PySide6_Essentials-6.11.3-cp310-abi3-linux.whl (80.3 MB)\n", 10.0, 210)
    assert sofar == pytest.approx(90.3)
    assert capsys.readouterr().err == "     90 of up to 210 MB: PySide6_Essentials\n"
    assert bootstrap._report("  Downloading numpy-2.4.6.whl.metadata (62 kB)\n", sofar, 210) == sofar
    assert bootstrap._report("  Downloading idna-3-py3-none-any.whl (71 kB)\n", 0.0, 210) == pytest.approx(0.071)
    assert capsys.readouterr().err == ""


def test_what_pip_says_is_kept_and_its_error_named(tmp_path):
    code = "print('Collecting x'); print('ERROR: No matching distribution found for x'); raise SystemExit(1)"
    with pytest.raises(bootstrap.SetupError, match="No matching distribution found for x") as caught:
        bootstrap._pip(tmp_path, [sys.executable, "-c", code], 210)
    assert str(tmp_path / "setup.log") in str(caught.value)
    assert "Collecting x" in (tmp_path / "setup.log").read_text(encoding="utf-8")


@pytest.mark.parametrize(("error", "status"), [(bootstrap.SetupError("no"), 3), (KeyboardInterrupt(), 130)])
def test_a_start_that_cannot_set_up_has_a_status(monkeypatch, capsys, error, status):
    def fail():
        raise error

    monkeypatch.setattr(bootstrap, "prepare", fail)
    assert bootstrap.start_again(ROOT / "guibuilder", []) == status
    assert capsys.readouterr().err


def test_an_extra_package_that_cannot_be_had_is_left_out(checkout, installs, monkeypatch, capsys):
    bootstrap.prepare()
    monkeypatch.setattr(bootstrap, "_runs", lambda arguments: False)

    def fail(*arguments):
        raise bootstrap.SetupError("no wheel")

    monkeypatch.setattr(bootstrap, "_install", fail)
    assert bootstrap.add("torch==2.13.0", 900) is False
    assert "torch is left out: no wheel" in capsys.readouterr().err


@pytest.mark.parametrize("start", [["-m", "guibuilder"], [str(ROOT / "guibuilder")]], ids=["-m", "folder"])
def test_a_foreign_core_in_the_current_folder_is_never_imported(tmp_path, start):
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "__init__.py").write_text("raise SystemExit('foreign code ran')\n", encoding="utf-8")
    result = subprocess.run(
        [sys.executable, *start, "--version"], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )
    assert result.stdout.startswith("guibuilder 0."), result.stderr
    assert result.returncode == 0
