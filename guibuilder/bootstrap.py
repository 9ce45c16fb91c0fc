"""Makes the folder `.venv` of a checkout and installs the project into it; later starts go straight through.

Standard library only, and readable for old Pythons, because it runs before anything is there. What it says goes to
standard error, so that `--json` stays clean.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
PROGRAM_MEGABYTES = 210
TEST_MEGABYTES = 110
STAMP = "guibuilder-stamp.json"
_DOWNLOAD = re.compile(r"Downloading (?:\S*/)?(?P<file>\S+\.whl) \((?P<size>[\d.]+) (?P<unit>[kM]?B)\)")
_MEGABYTES = {"B": 1e-6, "kB": 1e-3, "MB": 1.0}


class SetupError(Exception):
    """Setting up cannot go on; the message says what to do."""


def say(text: str) -> None:
    """One plain line for the person who waits."""
    if sys.stderr is not None:
        print(text, file=sys.stderr, flush=True)


def needed() -> bool:
    """Whether this start comes from a checkout and must go on in the checkout's own environment."""
    if getattr(sys, "frozen", False) or not (ROOT / "pyproject.toml").is_file():
        return False
    if Path(sys.prefix).resolve() in {folder.resolve() for folder in _folders()}:
        return False
    return not _installed_here()


def _installed_here() -> bool:
    """Whether the project was installed into this interpreter by hand, with everything it needs."""
    return all(importlib.util.find_spec(name) for name in ("PySide6", "numba", "msgspec", "pyqtgraph"))


def _folders() -> list[Path]:
    """Where the environment may lie: in the checkout, or in the user's cache when the checkout is read-only."""
    name = hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
    return [ROOT / ".venv", _user_cache() / "guibuilder" / f"environment-{name}"]


def _user_cache() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def environment_folder() -> Path:
    """The first folder that exists or can be made."""
    for folder in _folders():
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK) or is_ready(folder, ()):
            return folder
    raise SetupError(f"Neither {_folders()[0]} nor {_folders()[1]} can be written. Make one of them writable.")


def python_of(folder: Path) -> Path:
    """The interpreter of an environment."""
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _wanted(folder: Path) -> dict[str, str]:
    """What the stamp must say for the environment to be up to date."""
    project = (ROOT / "pyproject.toml").read_bytes()
    python = python_of(folder)
    return {"project": hashlib.sha256(project).hexdigest(), "root": str(ROOT), "python": str(python.resolve())}


def _stamp(folder: Path) -> dict[str, object]:
    try:
        content = json.loads((folder / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def is_ready(folder: Path, extras: tuple[str, ...]) -> bool:
    """Whether the environment was finished for this pyproject.toml, this folder and this interpreter."""
    stamp = _stamp(folder)
    done = stamp.get("extras", [])
    current = all(stamp.get(key) == value for key, value in _wanted(folder).items())
    return current and python_of(folder).exists() and isinstance(done, list) and set(extras) <= set(done)


def prepare(extras: tuple[str, ...] = ()) -> Path:
    """The interpreter of the environment, which is made and filled first where that is needed."""
    folder = environment_folder()
    if is_ready(folder, extras):
        return python_of(folder)
    base = _base_python()
    done = _stamp(folder).get("extras", [])
    names = sorted({*extras, *(done if isinstance(done, list) else [])})
    megabytes = PROGRAM_MEGABYTES + (TEST_MEGABYTES if "test" in names else 0)
    say(f"guibuilder sets itself up in {folder} (once; up to {megabytes} MB to download, a minute or two).")
    _make(base, folder)
    target = f"{ROOT}[{','.join(names)}]" if names else str(ROOT)
    _install(base, folder, ["--editable", target], megabytes)
    (folder / STAMP).write_text(json.dumps({**_wanted(folder), "extras": names}), encoding="utf-8")
    say("Set up. Later starts go straight through.")
    return python_of(folder)


def add(package: str, megabytes: int) -> bool:
    """Install one more package, such as "torch==2.13.0"; False where it cannot be had."""
    folder = environment_folder()
    name, _, version = package.partition("==")
    check = f"from importlib.metadata import version; assert version({name!r}).split('+')[0] == {version!r}"
    if _runs([str(python_of(folder)), "-c", check]):
        return True
    try:
        _install(sys.executable, folder, [package], megabytes)
    except SetupError as error:
        say(f"{name} is left out: {error}")
        return False
    return True


def _base_python() -> str:
    """A Python that is new enough: this one, or another on the path."""
    if sys.version_info >= OLDEST:
        return sys.executable
    for minor in range(14, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            return found
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    raise SetupError(f"Python 3.11 or newer is needed; this is {version}. Install a newer one.")


def _make(base: str, folder: Path) -> None:
    """Make the environment, or leave it when its interpreter runs."""
    python = python_of(folder)
    if python.exists() and _runs([str(python), "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]):
        return
    say("  making the environment")
    uv = shutil.which("uv")
    if uv and _runs([uv, "venv", "--quiet", "--clear", "--python", base, str(folder)]):
        return
    with_pip = _runs([base, "-c", "import ensurepip, venv"])
    if not with_pip and not _runs([base, "-c", "import pip, venv"]):
        raise SetupError(
            "Python's own tools for environments are missing. Install your system's package python3-venv "
            f"({as_administrator('apt-get install -y python3-venv')}) and start again."
        )
    arguments = [base, "-m", "venv", "--clear", *([] if with_pip else ["--without-pip"]), str(folder)]
    result = subprocess.run(arguments, capture_output=True, text=True, errors="replace", check=False)
    if result.returncode != 0:
        raise SetupError(f"The environment could not be made: {(result.stderr or result.stdout).strip()[-500:]}")


def as_administrator(command: str) -> str:
    """The command as this account has to type it."""
    return command if hasattr(os, "geteuid") and os.geteuid() == 0 else f"sudo {command}"


def _runs(arguments: list[str]) -> bool:
    try:
        return subprocess.run(arguments, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _install(base: str, folder: Path, what: list[str], megabytes: int) -> None:
    """Install with uv where it is there, else (or when uv fails) with pip."""
    python = str(python_of(folder))
    uv = shutil.which("uv")
    if uv:
        # Schools put their own certificates into the system's store, which uv reads only when told to.
        environment = {**os.environ, "UV_NATIVE_TLS": "1", "UV_SYSTEM_CERTS": "1"}
        command = [uv, "pip", "install", "--python", python, *what]
        if subprocess.run(command, stdout=sys.stderr, env=environment, check=False).returncode == 0:
            return
        say("  uv could not do it; trying pip")
    own = _runs([python, "-c", "import pip"]) or _runs([python, "-m", "ensurepip"])
    pip = [python, "-m", "pip"] if own else [base, "-m", "pip", "--python", python]
    _pip(folder, [*pip, "install", "--disable-pip-version-check", "--progress-bar", "off", *what], megabytes)


def _pip(folder: Path, command: list[str], megabytes: int) -> None:
    """Run pip, turning its flood into one line per larger download."""
    log = folder / "setup.log"
    sofar = 0.0
    with log.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace",
        )
        with process:
            for line in process.stdout or ():
                file.write(line)
                sofar = _report(line, sofar, megabytes)
    if process.returncode != 0:
        lines = [line.strip() for line in log.read_text(encoding="utf-8").splitlines()]
        reason = next((line for line in lines if line.startswith("ERROR")), "pip ended with an error.")
        raise SetupError(f"Setting up failed: {reason}\nIs there a network? Everything pip said is in {log}.")


def _report(line: str, sofar: float, megabytes: int) -> float:
    """Say what is being fetched; returns the megabytes so far."""
    found = _DOWNLOAD.search(line)
    if found:
        size = float(found["size"]) * _MEGABYTES[found["unit"]]
        sofar += size
        if size >= 0.5:
            say(f"  {sofar:5.0f} of up to {megabytes} MB: {found['file'].split('-')[0]}")
    elif line.startswith("Installing collected packages"):
        say(f"  installing {line.count(',') + 1} packages")
    return sofar


def restart(python: Path, arguments: list[str]) -> int:
    """Go on with another interpreter: in place of this process, or on Windows as its child."""
    command = [str(python), *arguments]
    if sys.platform != "win32":
        sys.stdout.flush()
        os.execv(command[0], command)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return subprocess.run(command, check=False).returncode


def start_again(folder: Path, arguments: list[str]) -> int:
    """Set up if needed and run a folder of the checkout (`guibuilder`) with the environment's interpreter."""
    try:
        python = prepare()
    except SetupError as error:
        say(f"guibuilder: {error}")
        return 3
    except KeyboardInterrupt:
        say("\nInterrupted. Start again to go on.")
        return 130
    return restart(python, [str(folder), *arguments])
