"""`config.json`, `README.md` and the pictures beside an exported Keras model, for `train.py`, which is shipped."""

import io
import json
from typing import Any

import numpy as np

from core.data.augmentation import Augmentation
from core.data.load import load
from core.data.pictures import fit_dataset
from core.data.sources.known import KNOWN
from core.errors import CoreError
from core.export.keras_model import KerasModel
from core.export.plan import Plan, shape_of_input
from core.export.pytorch.pieces import code_of
from core.export.source import shipped
from core.graph.goals import Goal, goals_of
from core.project import Project
from core.settings import settings_of
from core.train.losses import loss_node

# Larger sets stay where they are.
LARGEST_BUNDLE = 500_000_000
_IDLE = ("precise", "init", "init_value", "seed")


def trains(project: Project, plan: Plan) -> bool:
    """Whether the network is one that is trained on a picture and its class."""
    shapes = {plan.shape_of(key) for key in plan.outputs}
    return bool(plan.steps) and len(plan.inputs) == 1 and len(shapes) == 1 and len(shapes.pop()) == 1 \
        and not any(node.layer.bypassed for node in plan.network.nodes.values() if node.id in _ends(project))


def _ends(project: Project) -> set[str]:
    return {goal.id for goal in goals_of(project.network)}


def config_text(project: Project, plan: Plan, model: KerasModel) -> str:
    """The data, the options of the training and the outputs, to be read and changed by hand."""
    options = {name: value for name, value in project.options.values().items() if name not in _IDLE}
    augment = {name: getattr(project.data, name) for name in settings_of(Augmentation)} if project.data.augments else {}
    goals = [goal for goal in goals_of(project.network, project.options.loss) if goal.counts]
    config: dict[str, Any] = {
        "network": project.network.name, "classes": list(project.classes),
        "data": {"source": project.data.source, "augment": augment},
        "training": {**options, "seed": project.options.seed},
        "outputs": [{"layer": _layer(plan, model, goal), "loss": goal.loss, "weight": goal.weight} for goal in goals]}
    return json.dumps(config, indent=2, ensure_ascii=True) + "\n"


def train_text() -> str:
    """The program that trains; seeds, split and learning rate are those of the program for PyTorch."""
    common = code_of(shipped("common_training.py")).body
    return shipped("keras_train.py").replace("# COMMON\n", f"{common}\n\n\n")


def _layer(plan: Plan, model: KerasModel, goal: Goal) -> str:
    """The Keras layer whose output the loss takes: with cross-entropy the one in front of the Softmax."""
    return model.names[loss_node(plan.network, goal.id, goal.loss)]


def pictures(project: Project, plan: Plan) -> bytes:
    """The content of data.npz, fitted to the Input; empty where the pictures are not here or too many."""
    known = KNOWN.get(project.data.source)
    if known is not None and not known.available:
        return b""
    try:
        dataset = fit_dataset(load(project.data.source, seed=project.options.seed), shape_of_input(plan.inputs[0]))
    except CoreError:
        return b""
    if dataset.train_x.nbytes + dataset.test_x.nbytes > LARGEST_BUNDLE:
        return b""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, x_train=dataset.train_x, y_train=dataset.train_y,
                        x_test=dataset.test_x, y_test=dataset.test_y, scale=np.array(dataset.scale))
    return buffer.getvalue()


def readme_text(project: Project, *, with_training: bool, with_pictures: bool) -> str:
    """How to use the folder, and what is not the same there."""
    lines = ["# A network for Keras 3", "", "    pip install keras torch      # or tensorflow, or jax", "",
             "`model.py` builds the network and loads `weights.npz`; it takes pictures as height × width × channels.",
             "", "```python", "import model", "", "network = model.load()", "network.predict(pictures)", "```", ""]
    if with_training:
        where = "The pictures lie in `data.npz`." if with_pictures else \
            "The pictures are not in this folder: name them with `--data FILE.npz` (`python train.py --help`)."
        lines += ["    python train.py              # goes on from these weights; --fresh starts anew", "",
                  f"Data, loss, optimizer, schedule, order and seed are those of `config.json`. {where}", "",
                  "The trained weights go back into the project with",
                  "`guibuilder import weights.npz --into PROJECT.gbnet --out TRAINED.gbnet`.", "",
                  "Not the same in Keras: dropout and noise draw other random numbers; BatchNormalization keeps the",
                  "biased variance of a batch, and a frozen one uses its running figures in training as well; with a",
                  "changing learning rate, momentum takes the new rate over from the next step on.", ""]
    return "\n".join(lines)
