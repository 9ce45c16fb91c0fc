"""`train.py`, `config.json` and `README.md`: the project's training as a PyTorch program, and how to run it."""

import json
import math
from typing import Any

from core.data.dataset import Dataset
from core.export.pytorch.data import PictureSource, source_of
from core.export.pytorch.model import WrittenModel
from core.export.pytorch.pieces import Code, Pieces, code_of
from core.graph.shapes import infer
from core.project import Project

ABOUT = '''"""Trains the network of model.py: on this machine, on its GPU, or on several with torchrun.

    python train.py
    python train.py --device cuda
    torchrun --nproc_per_node=2 train.py

    python train.py --resume

The options lie in config.json. Writes weights.safetensors, metrics.json and, for --resume, checkpoint.pt.
"""'''
TORCHRUN = "torchrun --nproc_per_node=2 train.py"
_IDLE = ("precise", "init", "init_value", "seed")


def source_for(project: Project, model: WrittenModel, dataset: Dataset | None = None) -> PictureSource | None:
    """Where the program's pictures come from; None for a network that is not trained on one picture and its class."""
    flat = infer(project.network).flat
    inputs = [key for key in flat.network.order if flat.network.nodes[key].type == "Input"]
    units = {flat.shapes[goal.id] for goal in model.outputs}
    if len(inputs) != 1 or len(units) != 1 or len(units.pop() or ()) != 1:
        return None
    return source_of(project, flat.shapes[inputs[0]] or (), dataset)


def config_text(project: Project, model: WrittenModel, source: PictureSource) -> str:
    """The data, the options of the training and the outputs, to be read and changed by hand."""
    options = {name: value for name, value in project.options.values().items() if name not in _IDLE}
    config: dict[str, Any] = {
        "network": project.network.name, "classes": list(project.classes), "data": dict(source.about),
        "training": {**options, "seed": project.options.seed},
        "outputs": [{"name": goal.name, "loss": goal.loss, "weight": goal.weight} for goal in model.outputs]}
    return json.dumps(config, indent=2, ensure_ascii=True) + "\n"


def train_text(project: Project, model: WrittenModel, source: PictureSource) -> str:
    """The program that trains."""
    base = _base(model, augments=project.data.augments)
    head, _, rest = base.body.partition("# DATA\n")
    reader = [Code.read("pytorch", "train", f"data_{source.kind}.py")]
    if source.kind != "bundle":
        reader += [Code.read("pytorch", "train", f"data_{name}.py") for name in ("place", "fit")]
    if project.data.augments:
        reader.append(Code.read("pytorch", "train", "augment.py"))
    common = Code.read("common_training.py")
    kept = Code.read("pytorch", "train", "checkpoint.py")
    parts = (Code(base.imports, head.strip("\n")), *reader, common, kept, code_of(rest.strip("\n")))
    return Pieces(parts, ABOUT).text()


def _base(model: WrittenModel, *, augments: bool) -> Code:
    """The part that every training has, with the model's name in it."""
    text = Code.read("pytorch", "train", "train.py")
    changes = {"        # AUGMENTER\n": "        self.augment = Augment(x, scale)\n" if augments else "",
               "        # AUGMENT\n": "        if training:\n            x = self.augment(x)\n" if augments else "",
               "Network()": f"{model.name}()"}
    if model.scores:
        changes["found = network(x)\n"] = "found = network(x, scores=True)\n"
    body = text.body
    for before, after in changes.items():
        body = body.replace(before, after)
    imports = tuple(line.replace("model import Network", f"model import {model.name}") for line in text.imports)
    return Code(imports, body)


def readme_text(project: Project, model: WrittenModel, source: PictureSource | None) -> str:
    """How to use the folder."""
    flat = infer(project.network).flat
    count = sum(math.prod(spec.shape) for key, gets in flat.inputs.items()
                for spec in flat.network.nodes[key].layer.arrays(*gets).values()
                if spec.trained and not flat.network.nodes[key].layer.bypassed)
    lines = [f"# {model.name} in PyTorch", "",
             f"`model.py` is the network ({count:,} trained numbers), `weights.safetensors` its weights.", "",
             "    pip install torch numpy safetensors", ""]
    lines += [*_USE, ""]
    if source is None:
        return "\n".join([*lines, *_ALONE]).replace("NAME", model.name)
    return "\n".join([*lines, *_training_lines(source)]).replace("NAME", model.name)


_ALONE = ("A network with several inputs, or outputs that are no classes, comes without a program to train it.", "")
_USE = ("Use it:", "", "```python", "from safetensors.torch import load_file", "", "from model import NAME", "",
        "model = NAME()", 'model.load_state_dict(load_file("weights.safetensors"))', "model.eval()", "```")


def _training_lines(source: PictureSource) -> list[str]:
    where = {"bundle": "The pictures lie in `data.npz`.", "folder": "Pictures in folders need `pip install pillow`."}
    fetched = ("The pictures are read from where `config.json` says, or fetched into the folder `data`."
               if source.about.get("files") else "The pictures are read from where `config.json` says.")
    normal = ["", "Pictures are normalised by `train.py`; the model itself takes them normalised."] \
        if source.about["normalise"] else []
    return ["Train it, starting from these weights:", "",
            "    python train.py                                 # this machine",
            "    python train.py --device cuda                   # its GPU (taken by itself where there is one)",
            f"    {TORCHRUN}            # two processes; also on several machines",
            "    python train.py --resume                        # goes on behind the last whole epoch", "",
            "The batch of `config.json` is shared out among the processes: options mean the same with any number.",
            "`--fresh` starts from PyTorch's own initial values.", "",
            f"{where.get(source.kind, fetched)} Elsewhere: `--data PATH`.", *normal, "",
            *_KEPT, "The weights go back into the project with",
            "`guibuilder import weights.safetensors --into PROJECT.gbnet --out TRAINED.gbnet`.", ""]


_KEPT = (
    "After each epoch `train.py` writes `weights.safetensors`, `metrics.json` and `checkpoint.pt`, which holds the",
    "weights, optimizer, schedule and the number of the epoch: `--resume` goes on from it, with `torchrun` too, to the",
    "same weights as without a pause. `--epochs` counts from the beginning. The file is read with `weights_only=True`,",
    "so nothing in it is run. With a `patience` in `config.json` the weights of the epoch with the lowest validation",
    "loss are written at the end.", "")
