"""Runs exported folders in one process of their own, as someone without this program would."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.export.plan import plan_of
from core.formats import save_file
from core.graph.network import Network
from core.project import Project
from tests.core.random_networks import answers, apart, engine_answers, random_pictures, random_weights, two_hundred

Answers = Callable[[Network, dict[str, np.ndarray], dict[str, np.ndarray]], dict[str, np.ndarray]]

_CHILD = """
import importlib.util, sys
from pathlib import Path
import numpy as np
sys.modules["core"] = sys.modules["guibuilder"] = None  # must not be needed
for folder in sorted(Path(sys.argv[1]).iterdir()):
    spec = importlib.util.spec_from_file_location("model", folder / "model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with np.load(folder / "pictures.npz") as found:
        pictures = [found[f"arr_{number}"] for number in range(len(found.files))]
    answers = {RUN}
    answers = answers if isinstance(answers, (tuple, list)) else [answers]
    np.savez(folder / "answers.npz", *[np.asarray(answer) for answer in answers])
"""


def run_all(format: str, networks: Iterable[Network | Project], folder: Path, run: str,  # noqa: A002
            expected: Answers = answers, **environment: str) -> float:
    """Export, run `run` (an expression of `module` and `pictures`) in a child, and give the largest difference.

    A network gets random weights. Every output is compared with the layers' own definitions, or what is `expected`.
    """
    projects = [each if isinstance(each, Project) else Project(each, random_weights(each)) for each in networks]
    for number, project in enumerate(projects):
        place = folder / f"{number:04}"
        save_file(project, place, format)
        pictures = random_pictures(project.network)
        np.savez(place / "pictures.npz", *[pictures[node.name] for node in plan_of(project).inputs])
    run_child(_CHILD.replace("{RUN}", run), folder, **environment)
    return max(difference(project, folder / f"{number:04}", auxiliary=format == "keras", expected=expected)
               for number, project in enumerate(projects))


def run_two_hundred(format: str, folder: Path, run: str, **environment: str) -> float:  # noqa: A002
    """The same for two hundred random networks of all types of layers, compared with the engine."""
    return run_all(format, two_hundred(), folder, run, engine_answers, **environment)


def run_child(code: str, *arguments: object, **environment: str) -> str:
    """Run code in a Python process that finds nothing of this program; gives what it printed."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    result = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True,
                            cwd=arguments[0], env={**kept, "OMP_NUM_THREADS": "1", **environment}, check=False)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-4000:]
    return result.stdout


def difference(project: Project, folder: Path, *, auxiliary: bool = False, expected: Answers = answers) -> float:
    """The largest difference of any output between the child's answers and what is expected."""
    plan = plan_of(project, auxiliary=auxiliary)
    pictures = random_pictures(project.network)
    for value in pictures.values():
        plan.normalisation.apply(value)
    wanted = expected(replace(project, network=plan.network).network, dict(project.weights), pictures)
    names = [plan.network.nodes[key].name for key in plan.outputs]
    with np.load(folder / "answers.npz") as found:
        assert len(found.files) == len(names)
        return max(apart(found[f"arr_{number}"], _expected(wanted, plan.network, name))
                   for number, name in enumerate(names))


def _expected(found: dict[str, np.ndarray], network: Network, name: str) -> np.ndarray:
    """What the last layer puts out; a bypassed one puts out what the layer in front of it does."""
    if name in found:
        return found[name]
    following = network.outgoing[network.names[name]][0].target
    return _expected(found, network, network.nodes[following].name)
