"""What the operating system must bring before Qt may be asked: libraries and a display.

Missing libraries or a dead display make Qt abort the whole process with a text nobody understands, so both are looked
at first. Standard library only: this runs before anything is installed.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from guibuilder.bootstrap import as_administrator

BROKEN_QT = (
    "This PySide6 build is broken with this Python (it loses references to None and would end the program). "
    "Run: python -m pip install \"PySide6-Essentials<6.12\", or use Python 3.12 or newer."
)


class Library(NamedTuple):
    """A shared library by the name the loader knows, and the Debian or Ubuntu package that brings it."""

    name: str
    package: str


IMPORT_LIBRARIES = (
    Library("libglib-2.0.so.0", "libglib2.0-0"),
    Library("libGL.so.1", "libgl1"),
    Library("libEGL.so.1", "libegl1"),
    Library("libfontconfig.so.1", "libfontconfig1"),
    Library("libxkbcommon.so.0", "libxkbcommon0"),
    Library("libdbus-1.so.3", "libdbus-1-3"),
)
X11_LIBRARIES = (
    Library("libxcb-cursor.so.0", "libxcb-cursor0"),
    Library("libxcb-icccm.so.4", "libxcb-icccm4"),
    Library("libxcb-keysyms.so.1", "libxcb-keysyms1"),
    Library("libxcb-shape.so.0", "libxcb-shape0"),
    Library("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
)
WAYLAND_LIBRARIES = (
    Library("libwayland-client.so.0", "libwayland-client0"),
    Library("libwayland-cursor.so.0", "libwayland-cursor0"),
    Library("libwayland-egl.so.1", "libwayland-egl1"),
)


def missing(libraries: Iterable[Library]) -> list[Library]:
    """The libraries that the loader does not find; none on Windows and macOS, where Qt brings its own."""
    return [library for library in libraries if sys.platform == "linux" and not _loads(library.name)]


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def missing_for_window() -> list[Library]:
    """What the real window lacks on this display; a platform the user chose in QT_QPA_PLATFORM is trusted."""
    needed = missing(IMPORT_LIBRARIES)
    if os.environ.get("QT_QPA_PLATFORM"):
        return needed
    if wayland_answers() and not missing(WAYLAND_LIBRARIES):
        return needed
    return needed + missing(X11_LIBRARIES)


def install_command(packages: Sequence[str]) -> list[str]:
    """The command that installs Debian or Ubuntu packages, as the administrator would type it."""
    return ["apt-get", "install", "-y", "--no-install-recommends", *packages]


def advice(libraries: Sequence[Library]) -> str:
    """One sentence that names the missing libraries and the command that brings them."""
    names = ", ".join(library.name for library in libraries)
    command = as_administrator(" ".join(install_command([library.package for library in libraries])))
    if shutil.which("apt-get"):
        return f"System libraries of Qt are missing ({names}). Install them with:\n    {command}"
    return f"System libraries of Qt are missing: {names}. Install the packages that bring them (on Debian: {command})."


def administrator_prefix() -> list[str] | None:
    """What to put before a command so that it runs as administrator without asking; None where that is not possible."""
    if not hasattr(os, "geteuid"):
        return None
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n"]
    return None


def install(packages: Sequence[str]) -> bool:
    """Install Debian or Ubuntu packages; False where this account may not, there is no apt-get, or it failed."""
    prefix = administrator_prefix()
    if prefix is None or not shutil.which("apt-get"):
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    quiet = ["-o", "Dpkg::Use-Pty=0", "-q"]
    for command in (["apt-get", *quiet, "update"], [*install_command(packages), *quiet]):
        result = subprocess.run(
            [*prefix, *command], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
        )
    if result.returncode != 0:
        sys.stderr.write(result.stdout[-2000:])
    return result.returncode == 0


def display_answers() -> bool:
    """Whether a window could appear: always on Windows and macOS, else when a display server answers."""
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return wayland_answers() or x11_answers()


def wayland_answers() -> bool:
    """Whether the Wayland server named in the environment accepts a connection."""
    name = os.environ.get("WAYLAND_DISPLAY")
    if not name:
        return False
    path = Path(os.environ.get("XDG_RUNTIME_DIR", "/run"), name)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        try:
            connection.connect(str(path))
        except OSError:
            return False
    return True


def x11_answers() -> bool:
    """Whether the X server named in DISPLAY accepts a connection; a stale DISPLAY does not.

    Where even libxcb is missing the name is believed: the missing libraries are then the thing to say.
    """
    if not os.environ.get("DISPLAY"):
        return False
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    failed = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return not failed
