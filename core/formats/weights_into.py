"""Weights from a file of their own (safetensors or npz) into the layers of a network."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.data.sources.npz import read_arrays
from core.errors import FileError, FormatError
from core.export.pytorch.model import state_names
from core.formats.weights_files import check_finite, from_safetensors
from core.graph.network import Node
from core.graph.shapes import infer
from core.layers.base import Array, ArraySpec, describe
from core.project import Project

LARGEST = 2_000_000_000


def weights_into(project: Project, path: Path) -> tuple[Project, list[tuple[str, str]]]:
    """The project with the arrays of a file that fit it by name and shape; FileError where none does.

    Arrays may have the names that they have here, or those of the project's export to PyTorch or Keras.
    Beside it (layer, sentence) for each array that the network or the file lacks, or whose shape is another.
    """
    from core.export.keras_back import from_keras, keras_names

    wanted = {f"{node.name}.{name}": spec.shape for node, specs in _arrays(project) for name, spec in specs.items()}
    elsewhere = state_names(project.network)
    in_keras = keras_names(project)
    arrays = _as_named_here(_read(path, {*wanted, *elsewhere.values(), *in_keras}), elsewhere)
    if in_keras and in_keras <= arrays.keys() and not wanted.keys() <= arrays.keys():
        arrays = from_keras(project, arrays)
    problems, kept = [], {}
    for name, shape in wanted.items():
        array = arrays.get(name)
        layer = name.partition(".")[0]
        if array is None:
            problems.append((layer, f"{path.name} has no array {name}; it keeps what it had."))
        elif tuple(array.shape) != shape:
            sizes = f"is {describe(array.shape)} but the network needs {describe(shape)}"
            problems.append((layer, f"{name} in {path.name} {sizes}; it is left out."))
        else:
            check_finite(name, array, path.name)
            kept[name] = np.array(array, np.float32, order="C")
    spare = [f"The network has no use for the array {name[:80]} in {path.name}." for name in arrays
             if name not in wanted]
    problems += [("", sentence) for sentence in spare]
    if not kept:
        raise FormatError(f"No array in {path.name} fits {project.network.name}; arrays are named layer.parameter, "
                          f"such as {next(iter(wanted), 'C1.weight')}.")
    return replace(project, weights={**project.weights, **kept}), problems


def _arrays(project: Project) -> Iterator[tuple[Node, dict[str, ArraySpec]]]:
    known = infer(project.network).flat
    for key, gets in known.inputs.items():
        node = known.network.nodes[key]
        if known.shapes.get(key) is not None and not node.layer.bypassed:
            yield node, node.layer.arrays(*gets)


def _as_named_here(arrays: dict[str, Array], elsewhere: Mapping[str, str]) -> dict[str, Array]:
    """The arrays by their names here, where more of them have those of the exported PyTorch module.

    What that counts besides (how many batches a normalisation saw) is no array of ours.
    """
    arrays = {name: array for name, array in arrays.items() if not name.endswith(".num_batches_tracked")}
    if sum(name in arrays for name in elsewhere) >= sum(name in arrays for name in elsewhere.values()):
        return arrays
    here = {theirs: ours for ours, theirs in elsewhere.items()}
    return {here.get(name, name): array for name, array in arrays.items()}


def _read(path: Path, wanted: Collection[str]) -> dict[str, Array]:
    if not path.is_file():
        raise FileError(f"There is no file {path}.")
    if path.suffix.lower() == ".npz":
        arrays = read_arrays(path, wanted, 1)
    elif path.suffix.lower() == ".safetensors":
        if path.stat().st_size > LARGEST:
            raise FileError(f"{path.name} holds more than {LARGEST / 1e9:.0f} GB; it is not read.")
        arrays = from_safetensors(path.read_bytes(), path.name)
    else:
        raise FileError(f"{path.name} is neither .safetensors nor .npz, which weights are read from.")
    odd = next((name for name, array in arrays.items() if array.dtype.kind not in "fiu"), None)
    if odd is not None:
        raise FormatError(f"{odd[:80]} in {path.name} holds no numbers.")
    return arrays
