"""Exported PyTorch code against the layers' own definitions, many networks in one child process."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.export.pytorch.model import state_names, write_model
from core.formats.weights_files import to_safetensors
from core.graph.network import Network
from tests.core.export.running import Answers
from tests.core.random_networks import answers, apart, random_pictures, random_weights

CHILD = Path(__file__).with_name("torch_child.py")
LIMIT = 1e-4


def check(networks: Sequence[Network], folder: Path, pictures: int = 3, expected: Answers = answers) -> float:
    """Refuse networks whose PyTorch code answers otherwise; gives the largest difference."""
    folders, outputs = [], []
    for number, network in enumerate(networks):
        place = folder / f"n{number}"
        place.mkdir()
        folders.append(place)
        outputs.append(_put_down(network, place, pictures, number, expected))
    run = subprocess.run([sys.executable, "-W", "error", str(CHILD), *map(str, folders)], capture_output=True,
                         text=True, check=False)
    assert run.returncode == 0, run.stderr[-3000:] + _code(folders)
    worst = 0.0
    for place, wanted in zip(folders, outputs, strict=True):
        with np.load(place / "y.npz") as found:
            assert len(found.files) == len(wanted)
            for name, y in zip(found.files, wanted, strict=True):
                lost = apart(found[name], y)
                assert lost <= LIMIT, f"{lost}\n{(place / 'model.py').read_text()}"
                worst = max(worst, lost)
    return worst


def _put_down(network: Network, place: Path, pictures: int, seed: int, expected: Answers) -> list[np.ndarray]:
    """Write the folder, and give what the outputs should be, the main one first."""
    written, weights = write_model(network), random_weights(network, seed)
    feeds = random_pictures(network, pictures, seed)
    names = state_names(network)
    (place / "model.py").write_text(written.text, "utf-8")
    (place / "weights.safetensors").write_bytes(to_safetensors({names[key]: weights[key] for key in names}))
    np.savez(place / "x.npz", **{f"i{number}": x for number, x in enumerate(feeds.values())})
    (place / "told.json").write_text(json.dumps({"name": written.name, "inputs": [
        f"i{number}" for number in range(len(feeds))]}))
    found = expected(network, weights, feeds)
    return [found[goal.name] for goal in written.outputs]


def _code(folders: list[Path]) -> str:
    """The code of the first network that did not run."""
    place = next((place for place in folders if not (place / "y.npz").exists()), None)
    return "" if place is None else "\n" + (place / "model.py").read_text("utf-8")
