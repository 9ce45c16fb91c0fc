"""ONNX: export (opset 17, IR 8) for onnxruntime and wherever else ONNX runs, and import of what others wrote.

Inputs and outputs carry the layers' names, the batch is free, and the classes travel in the metadata. The main
output comes first. Outputs marked auxiliary stay out, with all layers that only lead to them: they help the training,
and the file is for use.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from core.data.normalisation import Normalisation
from core.errors import FormatError
from core.export.plan import normalisation_of
from core.formats.base import Format
from core.formats.json_text import dumps, encoded
from core.formats.onnx_graph import OnnxGraph, OnnxLayer
from core.formats.onnx_operators import write_layer
from core.formats.onnx_reading.model import read_model
from core.formats.onnx_reading.outside import Beside
from core.formats.onnx_reading.reading import project_of
from core.formats.reported import Reported, read_in_pieces
from core.graph.goals import in_use
from core.graph.network import Node
from core.graph.shapes import Inference, running
from core.layers.base import Array, Shape
from core.project import Project, complete_weights
from core.version import VERSION

OPSET, IR = 17, 8
BATCH = "N"
LARGEST = 2_000_000_000
# What protocol buffers can hold.
LARGEST_FILE = 2**31
PIXELS = "float32, from 0 (black) to 1 (white)"


def to_onnx(project: Project) -> bytes:
    """The project's network with its weights as an ONNX model, checked; the same project gives the same bytes.

    NetworkError where the network does not run, FormatError where a layer has no operators or the file grows too
    large for the format (2 GB).
    """
    network, outputs = in_use(project.network)
    project = replace(project, network=network)
    inference = running(network)
    weights = complete_weights(project, inference)
    if sum(array.nbytes for array in weights.values()) > LARGEST:
        raise FormatError("The weights need more than the 2 GB that an ONNX file can hold. Export safetensors.")
    model = _model(project, inference, weights, outputs)
    _check(model)
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def classes_of(model: Any) -> tuple[str, ...]:
    """The classes in a model's metadata."""
    found = {entry.key: entry.value for entry in model.metadata_props}
    return tuple(json.loads(found.get("classes", "[]")))


def _model(project: Project, inference: Inference, weights: dict[str, Array], outputs: tuple[str, ...]) -> Any:
    from onnx import helper, numpy_helper

    network, graph = inference.network, OnnxGraph()
    normal = normalisation_of(project)
    for key in network.order:
        node = network.nodes[key]
        if node.layer.ports[1] == 0:
            if normal:
                _normalise(graph, node, normal)
        else:
            write_layer(graph, _item(inference, weights, node, bool(normal)))
    inputs = [key for key in network.order if network.nodes[key].layer.ports[1] == 0]
    described = {key: _described(network.nodes[key].name, inference.shapes[key] or ()) for key in network.order}
    between = [described[key] for key in network.order if key not in inputs and key not in outputs]
    constants = [numpy_helper.from_array(array, name) for name, array in graph.constants.items()]
    title = encoded(network.name).decode() or "network"
    built = helper.make_graph(graph.nodes, title, [described[key] for key in inputs],
                              [described[key] for key in outputs], constants, value_info=between)
    model = helper.make_model(built, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR,
                              producer_name="guibuilder", producer_version=VERSION)
    helper.set_model_props(model, {"classes": dumps(list(project.classes)), "pixels": PIXELS,
                                   "generator": f"guibuilder {VERSION}"})
    return model


def _item(inference: Inference, weights: dict[str, Array], node: Node, normal: bool) -> OnnxLayer:
    """A layer with everything its operators need."""
    network = inference.network
    sources = [network.nodes[source] for source in network.inputs_of(node.id).values()]
    names = tuple(f"{source.name}.normal" if normal and source.layer.ports[1] == 0 else source.name
                  for source in sources)
    shapes = inference.inputs[node.id]
    parameters = () if node.layer.bypassed else node.layer.arrays(*shapes)
    own = {parameter: weights[f"{node.name}.{parameter}"] for parameter in parameters}
    return OnnxLayer(node, names, shapes, inference.shapes[node.id] or (), own)


def _normalise(graph: OnnxGraph, node: Node, normal: Normalisation) -> None:
    """(x − mean) / spread behind an Input, so that the file takes the same pictures as the program."""
    shape = (1, -1, 1, 1) if len(normal.mean) > 1 else ()
    mean = graph.constant(f"{node.name}.mean", np.array(normal.mean, np.float32).reshape(shape))
    spread = graph.constant(f"{node.name}.spread", np.array(normal.spread, np.float32).reshape(shape))
    centred = graph.node("Sub", [node.name, mean], f"{node.name}.centred")
    graph.node("Div", [centred, spread], f"{node.name}.normal")


def _described(name: str, shape: Shape) -> Any:
    from onnx import TensorProto, helper

    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [BATCH, *shape])


def _check(model: Any) -> None:
    from onnx import checker, shape_inference

    try:
        checker.check_model(model, full_check=True)
    except (checker.ValidationError, shape_inference.InferenceError, ValueError) as error:
        first = str(error).strip().splitlines()[0]
        raise FormatError(f"The ONNX library does not accept this network: {first[:200]}") from error


def _write(project: Project, file: BinaryIO) -> None:
    try:
        import onnx  # noqa: F401
    except ImportError as error:
        raise FormatError("ONNX export needs the package onnx; install it with: pip install onnx") from error
    file.write(to_onnx(project))


def _read(file: BinaryIO, what: str) -> Project:
    size = file.seek(0, 2)
    file.seek(0)
    if size > LARGEST_FILE:
        raise FormatError(f"{what} has {size / 1e9:,.1f} GB; ONNX files hold at most 2.")
    path = Path(file.name) if isinstance(getattr(file, "name", None), str) else None
    report = file.report if isinstance(file, Reported) else None
    beside = Beside(path.parent if path is not None else None, report)
    return project_of(read_model(read_in_pieces(file, size, report), what), what, beside)


def _match(head: bytes) -> bool:
    """Begins with the version of the format, then a text or the operator sets, as all known writers do."""
    return len(head) > 2 and head[0] == 0x08 and 3 <= head[1] < 32 and head[2] in (0x12, 0x1A, 0x22, 0x3A, 0x42)


FORMAT = Format("onnx", "ONNX", ".onnx", "Network and weights for onnxruntime, other programs and the web.", _write,
                _read, _match)
