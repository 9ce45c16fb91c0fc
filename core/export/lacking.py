"""What a file cannot carry of a project, and why: known before anything is written."""

from collections.abc import Callable
from dataclasses import dataclass

from core.errors import CoreError
from core.export.plan import normalisation_of
from core.graph.cost import cost
from core.graph.expand import expanded
from core.graph.goals import in_use, left_out
from core.graph.memory import FLOAT_BYTES
from core.graph.shapes import running
from core.project import Project

# What the protocol buffers of an ONNX file hold at most, in bytes, with room for all else in it.
ONNX_BYTES = 2_000_000_000
_PROGRAMS = ("onnx", "pytorch", "keras", "numpy")
_FOR_USE = ("onnx", "numpy")
# These hold the mean and spread of the pictures; the program for PyTorch measures them itself.
_NORMALISE = ("onnx", "keras", "numpy")
_LOGS = ("csv", "tensorboard")
_RANDOM = {"Dropout", "NoisyReLU", "RReLU"}


@dataclass(frozen=True)
class Carried:
    """Why a project cannot be written in a format at all, else empty; and what stays behind, a sentence for each."""

    refused: str = ""
    lacking: tuple[str, ...] = ()


def carried(format: str, project: Project) -> Carried:  # noqa: A002
    """What of a project a format holds; cheap enough to ask while a dialog opens (nothing is drawn or written)."""
    try:
        _need(format, project)
    except CoreError as error:
        return Carried(error.message)
    lacking = _LACKING.get(format)
    return Carried("", tuple(lacking(project)) if lacking else ())


def _need(format: str, project: Project) -> None:  # noqa: A002
    if format in _LOGS and not project.history:
        raise CoreError("There are no epochs to write yet. Train the network first.")
    if format in (*_PROGRAMS, "safetensors", "npz"):
        network = in_use(project.network)[0] if format in _FOR_USE else project.network
        inference = running(network)
        if format in _NORMALISE:
            normalisation_of(project)
        if format == "onnx" and cost(inference).parameters * FLOAT_BYTES > ONNX_BYTES:
            raise CoreError("The weights need more than the 2 GB that an ONNX file can hold. Export safetensors.")


def _left_out(project: Project) -> list[str]:
    without = left_out(project.network)
    stays = "stay" if len(without) > 1 else "stays"
    return [f"{' and '.join(without)} {stays} out: auxiliary outputs only help the training."] if without else []


def _random_layers(project: Project) -> list[str]:
    """The names of the types that draw random numbers in training, in words."""
    found = _types(project)
    return [word for word, types in (("dropout", {"Dropout"}), ("noise", _RANDOM - {"Dropout"})) if found & types]


def _for_use(what: str) -> Callable[[Project], list[str]]:
    """Of a file for use: what only works in training is not in it."""

    def lacking(project: Project) -> list[str]:
        names = " and ".join(_random_layers(project))
        found = _left_out(project)
        if names:
            does, it = ("do", "them") if " " in names else ("does", "it")
            found.append(f"{names.capitalize()} {does} nothing at use, so the {what} is without {it}.")
        if project.weights:
            found.append("Settings of the training, curves and the drawing stay in the project.")
        return found

    return lacking


def _pytorch(project: Project) -> list[str]:
    names = " and ".join(_random_layers(project))
    text = f"PyTorch draws {names} from its own random numbers, so training there goes another way with the same seed."
    return ([text] if names else []) + _curves(project)


def _keras(project: Project) -> list[str]:
    types, found = _types(project), []
    if "BatchNorm" in types:
        found.append("BatchNorm's running variance grows a little differently when it is trained on in Keras, which "
                     "keeps the biased variance of a batch.")
    if any(node.type == "BatchNorm" and node.layer.frozen for node in expanded(project.network).nodes.values()):
        found.append("A frozen BatchNorm uses its running figures in Keras in training as well.")
    if types & _RANDOM or project.data.augments:
        found.append("Random numbers are drawn anew there, so a training goes another way with the same seed.")
    return found + _curves(project)


def _curves(project: Project) -> list[str]:
    return ["The curves and the drawing stay in the project."] if project.history else []


def _weights_alone(project: Project) -> list[str]:
    return ["Only the weights: the network, its training and the drawing stay in the project."]


def _drawing_alone(project: Project) -> list[str]:
    if not project.weights:
        return []
    return ["The trained weights, the training and its curves stay in the project: this is the drawing alone."]


def _page(project: Project) -> list[str]:
    return ["The page is for reading: the weights stay in the project, the first filters are on it as pictures."] \
        if project.weights else []


_LACKING: dict[str, Callable[[Project], list[str]]] = {
    "onnx": _for_use("file"), "numpy": _for_use("script"), "pytorch": _pytorch, "keras": _keras,
    "safetensors": _weights_alone, "npz": _weights_alone, "json": _drawing_alone, "html": _page}


def _types(project: Project) -> set[str]:
    return {node.type for node in expanded(project.network).nodes.values() if not node.layer.bypassed}
