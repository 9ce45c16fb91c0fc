"""Export a PyTorch module to ONNX, open that here, and compare the answers."""

import contextlib
import io
import logging
import warnings

import numpy as np
import torch
from torch import nn

from core.formats import open_file
from core.graph.model import Model
from core.graph.shapes import infer
from core.layers.input import Input
from core.layers.unknown import Unknown


def trained(module):
    """The module with statistics as training leaves them, ready for use."""
    for each in module.modules():
        if isinstance(each, (nn.BatchNorm1d, nn.BatchNorm2d)):
            nn.init.uniform_(each.running_var, 0.5, 1.5)
            nn.init.normal_(each.running_mean, 0, 0.3)
            if each.affine:
                nn.init.uniform_(each.weight, 0.5, 1.5)
    return module.eval()


def exported(module, x, path, *, dynamo, free=False):
    """Write the module with PyTorch's newer (`dynamo`) or older exporter; `free` leaves the batch open."""
    options = {}
    if free and dynamo:
        options["dynamic_shapes"] = ({0: torch.export.Dim("n")},)
    elif free:
        options.update(input_names=["x"], dynamic_axes={"x": {0: "n"}})
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            torch.onnx.export(module, (x,), str(path), dynamo=dynamo, verbose=False, **options)
    finally:
        logging.disable(logging.NOTSET)


def missing(project):
    """What the file tells of each operator without a layer."""
    return [node.layer.kept["onnx"] for node in project.network.nodes.values() if isinstance(node.layer, Unknown)]


def outputs(project, x):
    """The outputs of a network for pictures [N, …]."""
    assert infer(project.network).errors == ()
    (name,) = [node.name for node in project.network.nodes.values() if isinstance(node.layer, Input)]
    shape = project.network.by_name(name).layer.shape
    model = Model(project.network, project.weights)
    ends = [model.network.nodes[key].name for key in model.network.finals()]
    return list(model.outputs({name: x.numpy().reshape(len(x), *shape)}, ends).values())


def difference(found, expected):
    """The largest difference as a share of the largest number (of 1 at least); infinite where sizes differ."""
    if found.size != expected.size:
        return float("inf")
    return float(np.abs(found.reshape(expected.shape) - expected).max() / max(1, np.abs(expected).max()))


def assert_same(module, x, path):
    """What is opened answers as the module does; gives the project."""
    project = open_file(path)
    assert missing(project) == []
    (found,) = outputs(project, x)
    with torch.no_grad():
        assert difference(found, module(x).numpy()) <= 1e-4
    return project
