"""`guibuilder gradients NET …`: loss and exact gradients of one batch."""

import argparse
import math
from pathlib import Path

import numpy as np

from core.errors import DataError
from core.graph.goals import main_of
from core.graph.output import LOSSES
from core.layers.base import Array
from guibuilder.command_line.arrays import read_npy, read_pictures, size_of, write_npz
from guibuilder.command_line.common import add_network, checked_single, load_network, need_folder, print_json
from guibuilder.command_line.learned import all_weights

NAME = "gradients"
SUMMARY = "loss and exact gradients of one batch, computed in float64"
EPILOG = """Training mode with batch statistics; dropout and noise are off. With several outputs the loss is the sum of
weight · loss over all of them."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """NET, the files and the loss."""
    add_network(parser)
    parser.add_argument("--input", type=Path, required=True, metavar="x.npy", help="pictures N×C×H×W, used as they are")
    parser.add_argument("--target", type=Path, required=True, metavar="t.npy",
                        help="class numbers [N], or wanted outputs [N, K]")
    parser.add_argument("--output", type=Path, required=True, metavar="g.npz",
                        help="where loss, input and one array per layer.parameter go")
    parser.add_argument("--loss", choices=LOSSES, help="the main output's loss (the network's own)")


def run(arguments: argparse.Namespace) -> int:
    """Compute and write the gradients."""
    from core.inspect.gradients import run_gradients
    from core.train.job import checked_outputs, input_shape

    need_folder(arguments.output)
    project = load_network(arguments)
    inference = checked_single(project.network)
    outputs = inference.shapes[main_of(inference.network)] or ()
    x = read_pictures(arguments.input, input_shape(inference))
    target = _target(arguments.target, len(x), outputs)
    checked_outputs(inference, outputs[0], trains=True)
    with np.errstate(all="ignore"):
        loss, of_input, arrays = run_gradients(project.network, all_weights(project), x, target,
                                               arguments.loss or project.options.loss)
    if not math.isfinite(loss):
        raise DataError("The loss is no finite number, so there are no gradients. Look for NaN, infinite or huge "
                        "numbers in the input.")
    found: dict[str, Array] = {"loss": np.array(loss, np.float64), "input": of_input, **arrays}
    write_npz(arguments.output, found)
    if arguments.json:
        print_json({"loss": loss, "arrays": list(found)})
    else:
        print(f"Loss {loss:.7g}; {len(found)} arrays written to {arguments.output}")
    return 0


def _target(path: Path, count: int, outputs: tuple[int, ...]) -> Array:
    """Class numbers int64 [N] or outputs [N, K], checked against the batch and the network."""
    target = read_npy(path)
    if len(outputs) != 1:
        raise DataError("Gradients need a network that ends in a flat vector. End it with Flatten and Dense.")
    if target.shape == (count,) and target.dtype.kind in "iu":
        if count and not 0 <= target.min() <= target.max() < outputs[0]:
            raise DataError(f"{path} names class {target.max() if target.min() >= 0 else target.min()}, but there are "
                            f"{outputs[0]} outputs, numbered from 0.")
        return target.astype(np.int64)
    if target.shape == (count, outputs[0]) and target.dtype.kind in "fiu":
        return target.astype(np.float64)
    raise DataError(f"{path} must hold {count} class numbers, or {count}×{outputs[0]} fractions; it holds "
                    f"{size_of(target)} of {target.dtype}.")
