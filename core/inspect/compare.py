"""Whether what was exported answers as our engine does, on the same real pictures."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.data.normalisation import Normalisation
from core.errors import FormatError
from core.graph.network import Network
from core.inspect.predict import predict, probabilities
from core.inspect.running import BATCH
from core.layers.base import Array, describe


@dataclass(frozen=True)
class Difference:
    """The largest difference of two probabilities, and how many of `pictures` got the same class."""

    largest: float
    same_class: int
    pictures: int


def compare_onnx(model: bytes, network: Network, weights: Mapping[str, Array], pictures: Array, *,
                 normalisation: Normalisation | None = None, threads: int | None = None) -> Difference:
    """Run an ONNX file's content in onnxruntime and the network in the engine on pictures N×C×H×W from 0 to 1.

    The file normalises by itself; the engine is given normalised pictures. Only bytes are taken: with a path,
    onnxruntime would follow references to other files. FormatError where it cannot be run here.
    """
    own = (normalisation or Normalisation()).apply(pictures.astype(np.float32))
    return compare(run_onnx(model, pictures), network, weights, own, threads=threads)


def compare(answers: Array, network: Network, weights: Mapping[str, Array], pictures: Array, *,
            threads: int | None = None) -> Difference:
    """The main outputs [N, K] that another program gave, against the engine's for pictures as the network takes them.

    Scores are made probabilities first. FormatError where they are not as many numbers.
    """
    theirs, ours = probabilities(network, answers), predict(network, weights, pictures, threads=threads)
    if theirs.shape != ours.shape:
        raise FormatError(f"What was exported puts out {describe(theirs.shape[1:])} numbers, the network "
                          f"{describe(ours.shape[1:])}.")
    largest = float(np.abs(theirs - ours).max()) if ours.size else 0.0
    return Difference(largest, int((theirs.argmax(axis=1) == ours.argmax(axis=1)).sum()), len(ours))


def run_onnx(model: bytes, pictures: Array) -> Array:
    """The first output of an ONNX model with one input, for float32 pictures."""
    if not isinstance(model, bytes):
        raise TypeError("the content of the file is needed, not its path")
    try:
        import onnxruntime
    except ImportError:
        raise FormatError("onnxruntime is not installed, so the file cannot be compared with the engine. "
                          "Install it with: pip install onnxruntime") from None
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # Its own threads would spin while the engine works.
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        parts = [session.run(None, {name: pictures[start:start + BATCH].astype(np.float32)})[0]
                 for start in range(0, len(pictures), BATCH)]
    except _errors() as error:
        raise FormatError(f"onnxruntime cannot run the file: {error}") from None
    return np.concatenate(parts)


def _errors() -> tuple[type[Exception], ...]:
    """What onnxruntime raises; its errors have no common base of their own."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    found = [value for value in vars(state).values() if isinstance(value, type) and issubclass(value, Exception)]
    return (*found, ValueError)
