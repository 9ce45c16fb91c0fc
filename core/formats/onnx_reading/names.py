"""Names of layers from the names in ONNX files, which hold slashes, dots and numbers."""

import re

from core.formats.onnx_reading.model import OnnxNode

LONGEST = 80
_OUTPUT = re.compile(r"_output_\d+$")
_WEIGHT = re.compile(r"^(.+)[._/](weight|kernel|W|w)(:\d+)?$")
# What exporters call every network.
_ANY_TITLE = ("", "main_graph", "main", "graph", "torch_jit", "torch-jit-export", "torch_jit_export", "tf2onnx",
              "model")
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
            return _told_once(candidate)
    return node.operator


def title_of(title: str, file: str) -> str:
    """A name for the network: what the file calls it, or the file's own where an exporter wrote a word of its own."""
    return file.rpartition(".")[0] or file if title.strip().lower() in _ANY_TITLE else title


def _told_once(path: str) -> str:
    """A path of modules in which PyTorch repeats the outer ones: layer1/layer1.0/conv1 is layer1.0/conv1."""
    parts = path.split("/")
    return "/".join(part for part, inner in zip(parts, [*parts[1:], ""], strict=True)
                    if not inner.startswith(f"{part}."))
