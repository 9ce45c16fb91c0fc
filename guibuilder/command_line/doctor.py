"""`guibuilder doctor`: what this computer has, what it lacks, and the command that brings it."""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from core.errors import CoreError, FileError
from core.version import VERSION
from guibuilder import system

NAME = "doctor"
SUMMARY = "versions, missing system libraries with the command that installs them, caches, threads"
NEEDED = ("numpy", "numba", "llvmlite", "PySide6-Essentials", "pyqtgraph", "pillow", "pooch", "platformdirs", "msgspec",
          "safetensors", "tqdm")
OPTIONAL = {
    "onnx": "ONNX export and import",
    "onnxruntime": "comparing an exported ONNX file with the engine",
    "torch": "training with --engine torch",
}


class Check(NamedTuple):
    """One line of the report; `fix` is the command or the advice when it is not ok."""

    name: str
    ok: bool
    detail: str
    fix: str | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No options of its own."""
    del parser


def run(arguments: argparse.Namespace) -> int:
    """Print every check; 3 when something that is needed is missing."""
    checks = list(_checks())
    if arguments.json:
        print(json.dumps({"checks": [check._asdict() for check in checks]}, ensure_ascii=False))
    else:
        width = max(len(check.name) for check in checks)
        for check in checks:
            print(f"{'ok ' if check.ok else '!! '} {check.name:<{width}}  {check.detail}")
            if check.fix:
                print(f"    {'':<{width}}  → {check.fix}")
    return 0 if all(check.ok for check in checks) else FileError.exit_status


def _checks() -> Iterator[Check]:
    yield Check("guibuilder", True, f"{VERSION} in {Path(__file__).resolve().parent.parent}")
    yield Check("Python", True, f"{sys.version.split()[0]} at {sys.executable} on {sys.platform}")
    for package in NEEDED:
        yield _needed(package)
    for package, purpose in OPTIONAL.items():
        yield _optional(package, purpose)
    yield _qt()
    yield _libraries()
    yield _display()
    yield _threads()
    yield from _folders()
    yield _resources()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _needed(package: str) -> Check:
    found = _version(package)
    return Check(package, found is not None, found or "missing", None if found else f"python -m pip install {package}")


def _optional(package: str, purpose: str) -> Check:
    found = _version(package)
    return Check(package, True, found or f"not installed; only for {purpose}",
                 None if found else f"python -m pip install {package}")


def _qt() -> Check:
    """Asks in a process of its own, because a broken build ends the process that asks."""
    if not importlib.util.find_spec("PySide6"):
        return Check("Qt", False, "PySide6 is missing", "python -m pip install PySide6-Essentials")
    code = "import sys; from guibuilder.qt_guard import qt_is_sound; sys.exit(0 if qt_is_sound() else 9)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False,
                            cwd=Path(__file__).resolve().parents[2])
    if result.returncode == 0:
        return Check("Qt", True, "loads and counts references correctly")
    if result.returncode == 9:
        return Check("Qt", False, "this PySide6 and this Python do not fit", system.BROKEN_QT)
    lines = result.stderr.strip().splitlines() or [f"ended with status {result.returncode}"]
    return Check("Qt", False, f"does not load: {lines[-1]}", "see the system libraries below")


def _libraries() -> Check:
    lacking = system.missing(system.IMPORT_LIBRARIES) + system.missing(system.X11_LIBRARIES)
    if not lacking:
        return Check("system libraries", True, "complete" if sys.platform == "linux" else "none needed")
    names = ", ".join(library.name for library in lacking)
    return Check("system libraries", False, f"missing: {names}", system.advice(lacking).splitlines()[-1].strip())


def _display() -> Check:
    if os.environ.get("QT_QPA_PLATFORM"):
        return Check("display", True, f"QT_QPA_PLATFORM={os.environ['QT_QPA_PLATFORM']}")
    if system.display_answers():
        return Check("display", True, "answers")
    return Check("display", True, "none; the window cannot open, the command line can")


def _threads() -> Check:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Check("threads", True, f"{usable} of {os.cpu_count() or 1} cores usable")


def _folders() -> Iterator[Check]:
    from platformdirs import user_cache_path, user_config_path, user_state_path

    places = {"cache": user_cache_path, "settings": user_config_path, "state": user_state_path}
    for name, place in places.items():
        folder = place("guibuilder", appauthor=False)
        existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
        writable = os.access(existing, os.W_OK)
        yield Check(f"{name} folder", writable, f"{folder}, {_megabytes(folder):.1f} MB",
                    None if writable else f"make {existing} writable")
    kernels = Path(os.environ.get("NUMBA_CACHE_DIR") or user_cache_path("guibuilder", appauthor=False) / "kernels")
    yield Check("compiled kernels", True, f"{kernels}, {_megabytes(kernels):.1f} MB")


def _megabytes(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def _resources() -> Check:
    from core.resources import resources_folder

    try:
        return Check("program files", True, str(resources_folder()))
    except CoreError as error:
        return Check("program files", False, error.message, "install guibuilder again")
