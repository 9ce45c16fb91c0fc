"""The pictures of a project for an exported folder: how the program there reads them, or the pictures themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core.data.augmentation import Augmentation
from core.data.dataset import Dataset
from core.data.load import DIGITS, load
from core.data.pictures import fit_dataset, fitted_shape
from core.data.sources import shapes
from core.data.sources.folder import is_picture_folder
from core.data.sources.idx import has_idx
from core.data.sources.known import KNOWN
from core.errors import CoreError
from core.layers.base import Array, Shape
from core.project import Project
from core.settings import settings_of

# Larger sets stay where they are.
LARGEST_BUNDLE = 500_000_000


@dataclass(frozen=True)
class PictureSource:
    """How the pictures come into an exported program.

    `kind` is idx, cifar, folder, or bundle, where the pictures travel along as `arrays`. `about` is for config.json.
    """

    kind: str
    about: Mapping[str, Any]
    arrays: Mapping[str, Array] = field(default_factory=dict)


def source_of(project: Project, shape: Shape, dataset: Dataset | None = None) -> PictureSource:
    """The pictures of a project whose Input has that shape; a `dataset` that is given travels along."""
    source, about = project.data.source, _about(project, shape)
    if dataset is not None:
        return PictureSource("bundle", about, bundle(dataset, shape))
    if source in KNOWN:
        known = KNOWN[source]
        files = [{"url": known.mirrors[0] + file.name, "sha256": file.sha256} for file in known.files]
        kind = "cifar" if len(known.files) == 1 else "idx"
        return PictureSource(kind, {**about, "path": str(known.folder) if known.available else None, "files": files})
    path = Path(source).expanduser()
    kind = "" if source in DIGITS or shapes.is_shapes(source) else _kind(path)
    if kind:
        return PictureSource(kind, {**about, "path": str(path.absolute()), "files": []})
    try:
        dataset = load(source, seed=project.options.seed)
        return PictureSource("bundle", about, bundle(dataset, shape))
    except CoreError:
        return PictureSource("bundle", about)


def bundle(dataset: Dataset, shape: Shape) -> dict[str, Array]:
    """The arrays of data.npz: pictures N×C×H×W fitted to the Input, labels, and the scale of the pixels."""
    fitted = fit_dataset(dataset, fitted_shape(dataset.shape, shape))
    return {"x_train": np.ascontiguousarray(fitted.train_x), "y_train": fitted.train_y,
            "x_test": np.ascontiguousarray(fitted.test_x), "y_test": fitted.test_y,
            "scale": np.array(fitted.scale)}


def _kind(path: Path) -> str:
    """What the program reads by itself."""
    try:
        if path.is_dir():
            return "idx" if has_idx(path) else "folder" if is_picture_folder(path) else ""
    except OSError:
        return ""
    return "cifar" if path.name.lower().endswith((".tar.gz", ".tgz")) and path.exists() else ""


def _about(project: Project, shape: Shape) -> dict[str, Any]:
    data = project.data
    pictures = shape
    if len(shape) == 1:
        try:
            pictures = fitted_shape((1, 1, 1), shape)
        except CoreError:
            pictures = (1, 1, shape[0])
    return {"source": data.source, "shape": list(shape), "pictures": list(pictures), "normalise": data.normalise,
            "augment": {name: getattr(data, name) for name in settings_of(Augmentation)} if data.augments else {}}
