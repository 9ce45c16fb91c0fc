"""Names of layers from the names in ONNX files, which hold slashes, dots and numbers."""

import re

from core.formats.onnx_reading.model import OnnxNode

LONGEST = 80
_OUTPUT = re.compile(r"_output_\d+$")
_WEIGHT = re.compile(r"^(.+)[._/](weight|kernel|W|w)(:\d+)?$")
_UNTOLD = re.compile(r"^(onnx::.*|\d+|val_\d+|node_\d+|[a-z]?_?\d+)$")


def clean(name: str) -> str:
    """A valid name: 1 to 80 printable characters without dots and slashes."""
    kept = "".join(each if each.isprintable() else " " for each in name)
    kept = re.sub(r"[./:\\]+", "_", kept).strip(" _")
    return kept[:LONGEST].strip() or "layer"


def name_of(node: OnnxNode, ours: bool) -> str:
    """The name for the layer of an operator: that of its weights' module, its own, else that of its output.

    In our own files (`ours`) the output carries the layer's name.
    """
    output = node.outputs[0] if node.outputs else ""
    if ours:
        return output
    if node.operator in ("Conv", "Gemm", "BatchNormalization", "MatMul", "PRelu", "FusedMatMul"):
        for name in node.inputs[1:]:
            found = _WEIGHT.match(name)
            if found and not _UNTOLD.match(name):
                return found[1]
    own = node.name.strip("/")
    own = own.removeprefix("node_").removesuffix(f"/{node.operator}")
    for candidate in (own, _OUTPUT.sub("", output).strip("/")):
        if candidate and not _UNTOLD.match(candidate):
            return candidate
    return node.operator
