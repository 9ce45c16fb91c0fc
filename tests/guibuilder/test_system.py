"""System libraries and displays: what is missing is named with the command that brings it."""

import os
import shutil
import socket
import subprocess
import sys

import pytest

from guibuilder import system

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux brings these libraries itself")
NONE = system.Library("libnothing-of-the-kind.so.9", "libnothing9")


@LINUX
def test_a_missing_library_is_found_out_and_named_with_its_command(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/apt-get")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    libc = system.Library("libc.so.6", "libc6")
    assert system.missing([libc, NONE]) == [NONE]
    advice = system.advice([NONE])
    assert "libnothing-of-the-kind.so.9" in advice
    assert advice.splitlines()[-1].strip() == "apt-get install -y --no-install-recommends libnothing9"
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "on Debian: sudo apt-get" in system.advice([NONE])


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_other_systems_need_none(monkeypatch, platform):
    monkeypatch.setattr(sys, "platform", platform)
    assert system.missing([NONE]) == []
    assert system.display_answers()


@LINUX
def test_the_window_needs_the_libraries_of_its_display(monkeypatch):
    monkeypatch.setattr(system, "_loads", lambda name: not name.startswith("libxcb"))
    monkeypatch.setattr(system, "wayland_answers", lambda: False)
    monkeypatch.setenv("QT_QPA_PLATFORM", "")
    assert {library.package for library in system.missing_for_window()} == {
        "libxcb-cursor0", "libxcb-icccm4", "libxcb-keysyms1", "libxcb-shape0",
    }
    monkeypatch.setattr(system, "wayland_answers", lambda: True)
    assert system.missing_for_window() == []
    monkeypatch.setattr(system, "_loads", lambda name: False)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert system.missing_for_window() == list(system.IMPORT_LIBRARIES)


@LINUX
def test_no_display_and_dead_displays_do_not_answer(monkeypatch, tmp_path):
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert not system.display_answers()
    monkeypatch.setenv("DISPLAY", ":987")
    assert not system.x11_answers() or not system._loads("libxcb.so.1")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-7")
    assert not system.wayland_answers()


@LINUX
def test_a_display_that_listens_answers(monkeypatch, tmp_path):
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("WAYLAND_DISPLAY", "w")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "w"))
        server.listen()
        assert system.display_answers()


@pytest.fixture
def commands(monkeypatch):
    """Stands in for the system's package manager; gives what would have been run."""
    ran = []

    def run(command, **options):
        ran.append(command)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    return ran


def test_packages_are_installed_by_the_administrator(commands, monkeypatch):
    monkeypatch.setattr(system, "administrator_prefix", lambda: ["/usr/bin/sudo", "-n"])
    assert system.install(["libgl1"])
    assert [command[:3] for command in commands] == [["/usr/bin/sudo", "-n", "apt-get"]] * 2
    assert "libgl1" in commands[1]


def test_nothing_is_tried_without_permission(commands, monkeypatch):
    monkeypatch.setattr(system, "administrator_prefix", lambda: None)
    assert not system.install(["libgl1"])
    assert commands == []
