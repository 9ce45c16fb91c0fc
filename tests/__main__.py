"""`python3 tests`: sets up what the tests need and runs all of them; further arguments go to pytest."""

from __future__ import annotations

import os
import sys

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120

import importlib.util
import shutil
import subprocess
from pathlib import Path

from guibuilder import bootstrap, system

TORCH = "torch==2.13.0"
TORCH_MEGABYTES = 900
KERAS = "keras==3.15.1"
KERAS_MEGABYTES = 30
XVFB = system.Library("Xvfb", "xvfb")


def main(arguments: list[str]) -> int:
    """Set up, then hand over to pytest, whose summary closes the output and whose status is the exit status."""
    try:
        _prepare_python()
        python = bootstrap.prepare(("test",))
    except bootstrap.SetupError as error:
        bootstrap.say(f"tests: {error}")
        return 3
    if os.environ.get("GUIBUILDER_TEST_TORCH") == "1":
        bootstrap.add(TORCH, TORCH_MEGABYTES)
        bootstrap.add(KERAS, KERAS_MEGABYTES)
    lacking = _prepare_system()
    if lacking:
        bootstrap.say(f"tests: {system.advice(lacking)}")
        return 3
    command = [str(python), "-m", "pytest", *_processes(arguments), *arguments]
    return subprocess.run(command, cwd=bootstrap.ROOT, stdin=subprocess.DEVNULL, check=False).returncode


def _processes(arguments: list[str]) -> list[str]:
    """Two processes share all the tests, file by file; what is asked for by name is shared only on request."""
    alone = {"-s", "-h", "--capture=no", "--pdb", "--trace", "--collect-only", "--co"}
    chosen = any(not each.startswith("-") or each in alone or each.startswith(("-n", "-p", "--dist", "--numprocesses"))
                 for each in arguments)
    if chosen or (os.cpu_count() or 1) < 2:
        return []
    return ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]


def _prepare_python() -> None:
    """Debian keeps Python's own installer in a package of its own."""
    lacking = not (importlib.util.find_spec("ensurepip") or shutil.which("uv") or importlib.util.find_spec("pip"))
    if lacking and sys.platform == "linux":
        bootstrap.say("Installing the system package python3-venv.")
        system.install(["python3-venv"])


def _prepare_system() -> list[system.Library]:
    """Install the libraries of Qt and an invisible display where this account may; returns what is needed still."""
    libraries = [*system.IMPORT_LIBRARIES, *system.X11_LIBRARIES]
    lacking = system.missing(libraries)
    wanted = [*lacking, *([] if _has_display() else [XVFB])]
    if wanted:
        packages = [library.package for library in wanted]
        bootstrap.say(f"Installing system packages for the tests: {' '.join(packages)}")
        if not system.install(packages) and not lacking:
            bootstrap.say("Without them the tests of the real window are skipped.")
    return system.missing(system.IMPORT_LIBRARIES)


def _has_display() -> bool:
    return sys.platform != "linux" or bool(shutil.which("Xvfb")) or system.x11_answers()


if __name__ == "__main__":
    os.chdir(Path(sys.path[0]))
    sys.exit(main(sys.argv[1:]))
