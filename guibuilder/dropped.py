"""What a file or folder that is dropped on the window is meant for."""

from pathlib import Path

PROJECTS = (".gbnet", ".json", ".onnx")
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")
DATA = (".npz", ".csv", ".gz", ".tgz", ".tar", ".idx", ".zip")


def purpose(path: Path) -> str:
    """`project` to be opened, `picture` to be looked at, `data` to train on, or empty where it is none of these."""
    if path.is_dir():
        return "data"
    name = path.name.lower()
    for kind, endings in (("project", PROJECTS), ("picture", PICTURES), ("data", DATA)):
        if name.endswith(endings):
            return kind
    return "data" if "-idx" in name or name.endswith("-ubyte") else ""
