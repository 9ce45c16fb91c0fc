"""Where the files that travel with the program lie: icons, data, help."""

import sys
from functools import cache
from pathlib import Path

from core.errors import FileError


@cache
def resources_folder() -> Path:
    """The folder `resources`: in the installed package, beside the packages in a checkout, or in a bundle."""
    root = Path(__file__).resolve().parent.parent
    candidates = [root / "guibuilder" / "_resources", root / "resources"]
    if hasattr(sys, "_MEIPASS"):
        candidates.append(Path(sys._MEIPASS) / "resources")
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    raise FileError("The program's own files (folder resources) are missing. Install guibuilder again.")


def resource(*parts: str) -> Path:
    """The path of one file of the program, such as `resource("data", "digits.npz")`."""
    path = resources_folder().joinpath(*parts)
    if not path.is_file():
        raise FileError(f"The program's own file {'/'.join(parts)} is missing. Install guibuilder again.")
    return path
