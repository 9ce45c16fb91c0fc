"""All files of a project that leaves for PyTorch."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.data.dataset import Dataset
from core.export.pytorch.model import WrittenModel, state_names, write_model
from core.export.pytorch.training import config_text, readme_text, source_for, train_text
from core.layers.base import Array
from core.project import Project, complete_weights


@dataclass(frozen=True)
class PytorchFolder:
    """The texts by file name, the arrays of weights.safetensors, and those of data.npz where there is one."""

    texts: Mapping[str, str]
    weights: Mapping[str, Array]
    model: WrittenModel
    data: Mapping[str, Array] = field(default_factory=dict)


def pytorch_folder(project: Project, dataset: Dataset | None = None) -> PytorchFolder:
    """The folder of a project that runs; a `dataset` that is given travels along in it as data.npz.

    NetworkError and FormatError where it cannot be.
    """
    model = write_model(project.network, project.options.loss)
    names, arrays = state_names(project.network), complete_weights(project)
    source = source_for(project, model, dataset)
    texts = {"model.py": model.text, "README.md": readme_text(project, model, source)}
    if source is not None:
        texts |= {"train.py": train_text(project, model, source), "config.json": config_text(project, model, source)}
    weights = {theirs: arrays[ours] for ours, theirs in names.items()}
    return PytorchFolder(texts, weights, model, source.arrays if source is not None else {})
