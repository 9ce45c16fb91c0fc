"""`.gbnet`, the project file: a zip with the drawing, the weights, the training, its history and the notes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, BinaryIO, Literal

import msgspec
import numpy as np

from core.errors import CoreError, FormatError
from core.formats.base import Format
from core.formats.container import LARGEST_SUM, read_container, write_container
from core.formats.history_csv import history_from_text, history_to_text
from core.formats.json_text import GENERATOR, LARGEST_TEXT, Step, dumps, encoded, parse, upgrade
from core.formats.network_json import network_from_bytes, network_to_text
from core.formats.weights_files import from_safetensors, to_safetensors
from core.graph.beginning import Beginning
from core.graph.expand import expanded
from core.graph.initial import AS_EACH_LAYER_SAYS, CHOICES, CONSTANT, How
from core.graph.network import Network
from core.graph.shapes import infer
from core.layers.base import Array, describe
from core.project import DataChoice, Project
from core.settings import settings_of
from core.train.options import TrainOptions
from core.train.progress import checked_progress

KIND = "guibuilder-training"
VERSION = 1
STEPS: Mapping[int, Step] = {}
_KEYS = ("format", "version", "generator", "data", "options", "progress", "classes", "beginning")
# Initial weights that cannot be drawn again lie beside the optimizer's state: `layer.parameter.initial`.
_INITIAL = ".initial"
_LARGEST_THUMBNAIL = 4_000_000
# The members in their order, with the most bytes of each.
MEMBERS: Mapping[str, int] = {
    "network.json": LARGEST_TEXT, "weights.safetensors": LARGEST_SUM, "training.json": LARGEST_TEXT,
    "state.safetensors": LARGEST_SUM, "history.csv": LARGEST_TEXT, "notes.md": LARGEST_TEXT,
    "thumbnail.png": _LARGEST_THUMBNAIL,
}


class _Began(msgspec.Struct):
    """From which seed the weights were drawn, and how."""

    seed: Annotated[int, msgspec.Meta(ge=0, lt=2**31)] = 0
    init: Literal[CHOICES] = AS_EACH_LAYER_SAYS  # type: ignore[valid-type]
    init_value: float = CONSTANT


class _Envelope(msgspec.Struct):
    data: dict[str, Any] = {}
    options: dict[str, Any] = {}
    progress: dict[str, Any] = {}
    classes: list[str] = []
    beginning: _Began | None = None


def write_project(project: Project, file: BinaryIO, thumbnail: bytes = b"") -> None:
    """Write a project. Arrays that no layer of the drawing has use for, or that are not finite, stay behind."""
    network = expanded(project.network)
    state = {name: array for name, array in {**project.state, **_initial(project)}.items()
             if _usable(network, name, array)}
    members = {
        "network.json": encoded(network_to_text(project.network)),
        "weights.safetensors": to_safetensors(_kept(project)),
        "training.json": encoded(_training_to_text(project)),
        "state.safetensors": to_safetensors(state) if state else b"",
        "history.csv": encoded(history_to_text(project.history)),
        "notes.md": encoded(project.notes),
        "thumbnail.png": thumbnail if len(thumbnail) <= _LARGEST_THUMBNAIL else b"",
    }
    optional = ("state.safetensors", "thumbnail.png")
    write_container(file, {name: content for name, content in members.items() if content or name not in optional})


def read_project(file: BinaryIO, what: str) -> Project:
    """The project in an open file; FormatError in one sentence. `what` names the file."""
    members = read_container(file, MEMBERS, what)
    if "network.json" not in members:
        raise FormatError(f"{what} holds no network.json; it is not a guibuilder project.")
    network = network_from_bytes(members["network.json"], f"The network in {what}")
    training = _training_from_bytes(members.get("training.json", b""), f"The training in {what}")
    weights = _arrays(members, "weights.safetensors", what)
    _check_weights(network, weights, what)
    history = history_from_text(_text(members, "history.csv", what), what)
    state = _arrays(members, "state.safetensors", what)
    initial = {name.removesuffix(_INITIAL): state.pop(name) for name in list(state) if name.endswith(_INITIAL)}
    if training.get("beginning") is not None:
        training["beginning"] = replace(training["beginning"], network=network, own=initial)
    return Project(network, weights, history=history, notes=_text(members, "notes.md", what), state=state, **training)


def read_thumbnail(file: BinaryIO, what: str) -> bytes:
    """The small picture of a project for lists of files; empty where it has none."""
    return read_container(file, MEMBERS, what).get("thumbnail.png", b"")


def _arrays(members: Mapping[str, bytes], name: str, what: str) -> dict[str, Array]:
    return from_safetensors(members[name], f"{name} in {what}") if members.get(name) else {}


def _text(members: Mapping[str, bytes], name: str, what: str) -> str:
    try:
        return members.get(name, b"").decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(f"{name} in {what} is not text; the file is damaged.") from error


# weights --------------------------------------------------------------------------------------------------------------


def _needed(network: Network) -> dict[str, dict[str, tuple[int, ...]] | None]:
    """For each layer by name the shapes of its arrays, or None where the drawing does not say yet."""
    inference = infer(network).flat
    found: dict[str, dict[str, tuple[int, ...]] | None] = {}
    for key, node in inference.network.nodes.items():
        known = not node.layer.bypassed and inference.shapes.get(key) is not None and key in inference.inputs
        arrays = node.layer.arrays(*inference.inputs[key]) if known else {}
        found[node.name] = {name: spec.shape for name, spec in arrays.items()} if known else None
    return found


def _usable(network: Network, name: str, array: Array) -> bool:
    """Whether an array belongs to a layer of the drawing (or to none, as a counter of steps) and is finite."""
    layer, dot, _ = name.partition(".")
    return (layer in network.names or not dot) and bool(np.isfinite(array).all())


def _initial(project: Project) -> dict[str, Array]:
    """The initial weights that the drawing and the seed alone would not give."""
    began = project.beginning.not_drawn(project.network) if project.beginning is not None else {}
    return {f"{name}{_INITIAL}": np.asarray(array, np.float32) for name, array in began.items()}


def _kept(project: Project) -> dict[str, Array]:
    """The weights that go into the file: of layers in the drawing, of the shape it needs where that is known."""
    network, needed = expanded(project.network), _needed(project.network)
    kept = {}
    for name, array in project.weights.items():
        layer, _, parameter = name.partition(".")
        shapes = needed.get(layer)
        fits = shapes is None or shapes.get(parameter) == tuple(array.shape)
        if fits and _usable(network, name, array):
            kept[name] = np.asarray(array, np.float32)
    return kept


def _check_weights(network: Network, weights: Mapping[str, Array], what: str) -> None:
    """Names and shapes must be what the drawing asks for."""
    needed = _needed(network)
    for name, array in weights.items():
        layer, _, parameter = name.partition(".")
        shapes = needed.get(layer, {})
        if array.dtype != np.float32:
            raise FormatError(f"The weights {name[:80]} in {what} are {array.dtype}; float32 is needed.")
        if shapes is None:
            continue
        if parameter not in shapes:
            raise FormatError(f"{what} holds weights {name[:80]!r}, which its network has no use for; it is damaged.")
        if shapes[parameter] != tuple(array.shape):
            raise FormatError(f"The weights {name[:80]} in {what} are {describe(array.shape)} but the network needs "
                              f"{describe(shapes[parameter])}; the file is damaged.")


# training.json --------------------------------------------------------------------------------------------------------


def _training_to_text(project: Project) -> str:
    extra = dict(project.extra)
    parts: dict[str, Any] = {"format": KIND, "version": VERSION, "generator": GENERATOR}
    for name, values in (("data", project.data.values()), ("options", project.options.values())):
        parts[name] = {**values, **extra.pop(name, {})}
    parts["progress"] = dict(project.progress)
    parts["classes"] = list(project.classes)
    if project.beginning is not None:
        how = project.beginning.how
        parts["beginning"] = {"seed": project.beginning.seed, "init": how.init, "init_value": how.value}
    return dumps({**parts, **extra}, indent=1) + "\n"


def _training_from_bytes(data: bytes, what: str) -> dict[str, Any]:
    """The parts of a project in training.json, by name; what we do not know goes into `extra`."""
    if not data:
        return {}
    plain = parse(data, what)
    if plain.get("format") != KIND:
        raise FormatError(f"{what} is not of the format {KIND}; the file is damaged.")
    plain = upgrade(plain, VERSION, STEPS, what)
    try:
        envelope = msgspec.convert(plain, _Envelope)
        known_data, other_data = _split(DataChoice, envelope.data)
        known_options, other_options = _split(TrainOptions, envelope.options)
        choice, options = DataChoice(**known_data), TrainOptions(**known_options)
        checked_progress(envelope.progress)
    except (ValueError, CoreError) as error:
        raise FormatError(f"{what} is damaged: {error}") from error
    extra = {key: value for key, value in plain.items() if key not in _KEYS}
    extra |= {key: value for key, value in (("data", other_data), ("options", other_options)) if value}
    began = envelope.beginning
    beginning = Beginning(Network(), began.seed, How(began.init, began.init_value)) if began is not None else None
    return {"data": choice, "options": options, "progress": envelope.progress, "classes": tuple(envelope.classes),
            "extra": extra, "beginning": beginning}


def _split(kind: type, values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values that are settings of `kind`, and the others."""
    known = settings_of(kind)
    return ({name: value for name, value in values.items() if name in known},
            {name: value for name, value in values.items() if name not in known})


def _match(head: bytes) -> bool:
    return head.startswith(b"PK\x03\x04")


FORMAT = Format("gbnet", "guibuilder project", ".gbnet", "Everything: drawing, weights, training, history and notes.",
                write_project, read_project, _match, keeps_previous=True)
