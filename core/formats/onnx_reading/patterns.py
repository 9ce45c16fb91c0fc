"""Operators that together are one layer: found in the file's graph and replaced by one node before layers are made.

What this program writes for layers without an operator of their own is found again, and what PyTorch writes for its
local response normalisation and its softplus.
"""

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from core.formats.onnx_reading.model import Branch, OnnxNode
from core.layers.base import Array

Constant = Callable[[str], Array | None]
# The domain of nodes that stand for several others.
TOGETHER = "guibuilder"
# Above this much softplus and its input are the same number in float32.
_STRAIGHT = 15


@dataclass
class Graph:
    """Who makes which value, and what is known of constants (None for what is none)."""

    makers: Mapping[str, OnnxNode]
    constant: Constant
    ours: bool = False

    def maker(self, name: str, *operators: str) -> OnnxNode | None:
        """The operator that makes a value, if it is one of these."""
        found = self.makers.get(name)
        return found if found is not None and found.operator in operators else None

    def with_number(self, name: str, operator: str) -> tuple[str, float] | None:
        """(the other input, the number) of an operator between a value and one number."""
        node = self.maker(name, operator)
        if node is None or len(node.inputs) != 2:
            return None
        for value, other in (node.inputs, node.inputs[::-1]):
            number = self.constant(other)
            if number is not None and number.size == 1 and (operator != "Pow" or other == node.inputs[1]):
                return value, float(number.ravel()[0])
        return None


def together(nodes: list[OnnxNode], constant: Constant, wanted: Iterable[str], ours: bool) -> list[OnnxNode]:
    """The nodes with each group replaced at its last one, without those that no `wanted` value needs any more.

    The pools that only this program writes are looked for in its own files (`ours`).
    """
    graph = Graph({name: node for node in nodes for name in node.outputs if name}, constant, ours)
    return needed([_replaced(graph, node) for node in nodes], wanted)


def apart(nodes: list[OnnxNode]) -> list[OnnxNode]:
    """The nodes with one for each output of a Split."""
    found = []
    for node in nodes:
        if node.operator != "Split" or node.domain:
            found.append(node)
            continue
        found += [replace(node, operator="Part", domain=TOGETHER, outputs=[name], written=node.operator,
                          attributes={**node.attributes, "number": number, "parts": len(node.outputs)})
                  for number, name in enumerate(node.outputs) if name]
    return found


def needed(nodes: list[OnnxNode], wanted: Iterable[str]) -> list[OnnxNode]:
    """The nodes that lead to these values."""
    names, kept = set(wanted), []
    for node in reversed(nodes):
        if names.intersection(node.outputs):
            names.update(node.inputs)
            kept.append(node)
    return kept[::-1]


def _replaced(graph: Graph, node: OnnxNode) -> OnnxNode:
    for find in _PATTERNS.get(node.operator, ()):
        # Operators with fewer inputs than they need are told when their turn comes.
        with contextlib.suppress(IndexError):
            found = find(graph, node) if not node.domain else None
            if found is not None:
                return found
    return node


def _as(node: OnnxNode, operator: str, inputs: list[str], more: Mapping[str, object] | None = None,
        **attributes: object) -> OnnxNode:
    return replace(node, operator=operator, domain=TOGETHER, inputs=inputs, attributes={**(more or {}), **attributes},
                   written=node.written or node.operator)


# local response normalisation ---------------------------------------------------------------------------------------


def _response(graph: Graph, node: OnnxNode) -> OnnxNode | None:
    """x / (k + α · mean of squares nearby) ^ β."""
    powered = graph.with_number(node.inputs[1], "Pow") if len(node.inputs) == 2 else None
    shifted = graph.with_number(powered[0], "Add") if powered is not None else None
    if powered is None or shifted is None:
        return None
    x, found = node.inputs[0], None
    scaled = graph.with_number(shifted[0], "Mul")
    if scaled is not None:
        size = _mean_of_squares(graph, scaled[0], x)
        found = (size, scaled[1]) if size else None
    else:
        found = _band(graph, shifted[0], x)
    if found is None:
        return None
    return _as(node, "LRN", [x], size=found[0], alpha=found[1], beta=powered[1], bias=shifted[1])


def _squares(graph: Graph, name: str, x: str) -> bool:
    node = graph.maker(name, "Mul")
    power = graph.with_number(name, "Pow")
    return power == (x, 2.0) or (node is not None and node.inputs == [x, x])


def _squeezed(graph: Graph, name: str) -> str:
    """What a Squeeze or Reshape takes, also where PyTorch asks with an If whether there is an axis to squeeze."""
    node = graph.maker(name, "Squeeze", "Reshape", "If")
    if node is None:
        return ""
    if node.operator != "If":
        chosen = graph.maker(node.inputs[0], "If")
        return _squeezed(graph, node.inputs[0]) if chosen is not None else node.inputs[0]
    sides = [node.attributes.get(side) for side in ("then_branch", "else_branch")]
    taken = {inner.inputs[0] for side in sides if isinstance(side, Branch) for inner in side.nodes
             if inner.operator in ("Squeeze", "Identity") and inner.inputs}
    strange = any(inner.operator not in ("Squeeze", "Identity", "Constant") for side in sides
                  if isinstance(side, Branch) for inner in side.nodes)
    return taken.pop() if len(taken) == 1 and not strange else ""


def _mean_of_squares(graph: Graph, name: str, x: str) -> int:
    """How many channels PyTorch takes the mean over: a pool of three axes behind a Pad and a Reshape; 0 for none."""
    pool = graph.maker(_squeezed(graph, name), "AveragePool")
    pad = graph.maker(pool.inputs[0], "Pad") if pool is not None else None
    spread = graph.maker(pad.inputs[0], "Reshape", "Unsqueeze") if pad is not None else None
    if pool is None or pad is None or spread is None or not _squares(graph, spread.inputs[0], x):
        return 0
    kernel, stride = pool.wholes("kernel_shape") or (), pool.wholes("strides") or (1, 1, 1)
    size = kernel[0] if len(kernel) == 3 and set(kernel[1:]) == {1} and set(stride) == {1} else 0
    pads = graph.constant(pad.inputs[1]) if len(pad.inputs) > 1 else np.array(pad.wholes("pads") or ())
    wanted = [0, 0, size // 2, 0, 0, 0, 0, (size - 1) // 2, 0, 0]
    return size if pads is not None and pads.ravel().tolist() == wanted else 0


def _band(graph: Graph, name: str, x: str) -> tuple[int, float] | None:
    """Size and α of a product of the squares with a band of equal numbers around the diagonal, as we write it."""
    node = graph.maker(name, "Conv", "MatMul")
    weight = graph.constant(node.inputs[1]) if node is not None and len(node.inputs) == 2 else None
    if node is None or weight is None or not _squares(graph, node.inputs[0], x):
        return None
    if node.operator == "Conv" and (weight.ndim != 4 or weight.shape[2:] != (1, 1)):
        return None
    table = weight[:, :, 0, 0] if node.operator == "Conv" else weight.T
    if table.ndim != 2 or table.shape[0] != table.shape[1]:
        return None
    if not table.any():
        return 1, 0.0
    channels = len(table)
    after, before = int(np.flatnonzero(table[0])[-1]), channels - 1 - int(np.flatnonzero(table[-1])[0])
    number = float(table[0, 0])
    distance = np.arange(channels)[None, :] - np.arange(channels)[:, None]
    band = np.where((distance >= -before) & (distance <= after), np.float32(number), np.float32(0))
    if not np.array_equal(band, table):
        return None
    most = channels - 1
    for size in (2 * before, 2 * before + 1, 2 * after + 1, 2 * after + 2):
        # Where the band reaches over all channels several sizes are the same: what is written is α / size.
        if size > 0 and (min(size // 2, most), min((size - 1) // 2, most)) == (before, after):
            return size, number * size
    return None


# activations --------------------------------------------------------------------------------------------------------


def _straight_above(graph: Graph, node: OnnxNode) -> OnnxNode | None:
    """PyTorch's softplus: x itself where β · x is far above zero, else softplus(β · x) / β."""
    if len(node.inputs) != 3:
        return None
    greater, x, steepness, curve = graph.with_number(node.inputs[0], "Greater"), node.inputs[1], 1.0, node.inputs[2]
    divided = graph.with_number(curve, "Div")
    if divided is not None:
        curve, steepness = divided
    bent = graph.maker(curve, "Softplus")
    if greater is None or bent is None or greater[1] < _STRAIGHT or greater[0] != bent.inputs[0]:
        return None
    steep = graph.with_number(bent.inputs[0], "Mul") if divided is not None else (bent.inputs[0], 1.0)
    return _as(node, "Softplus", [x], beta=steepness) if steep == (x, steepness) else None


def _nothing_below(graph: Graph, node: OnnxNode) -> OnnxNode | None:
    """PyTorch's threshold at zero: 0 where x ≤ 0, else x."""
    low = graph.with_number(node.inputs[0], "LessOrEqual") if len(node.inputs) == 3 else None
    filled = graph.constant(node.inputs[1]) if low is not None else None
    if low is None or filled is None or low != (node.inputs[2], 0.0) or filled.size != 1 or filled.any():
        return None
    return _as(node, "Relu", [node.inputs[2]])


def _logarithm(graph: Graph, node: OnnxNode) -> OnnxNode | None:
    """Log of a Sigmoid."""
    inner = graph.maker(node.inputs[0], "Sigmoid")
    return _as(node, "LogSigmoid", inner.inputs) if inner is not None else None


def _limited(graph: Graph, node: OnnxNode) -> OnnxNode | None:
    """Min of a number and what is never below zero, or of what a Max keeps above a number: a Clip."""
    high = graph.with_number(node.outputs[0], "Min")
    if high is None:
        return None
    low = graph.with_number(high[0], "Max")
    inner = graph.maker(high[0], "Relu")
    if inner is not None:
        low = (inner.inputs[0], 0.0)
    limits = {"max": high[1]} if low is None else {"min": low[1], "max": high[1]}
    return _as(node, "Clip", [high[0] if low is None else low[0]], limits)


def _root_of_squares(graph: Graph, node: OnnxNode) -> OnnxNode | None:
    """PyTorch's LPPool2d of power 2: the root of (the mean of squares, without its sign, times how many they are)."""
    root = graph.with_number(node.outputs[0], "Pow")
    summed = graph.with_number(root[0], "Mul") if root is not None and root[1] == 0.5 else None
    signed = graph.maker(summed[0], "Mul") if summed is not None else None
    parts = [graph.maker(name, "Sign", "Relu") for name in signed.inputs] if signed is not None else []
    if len(parts) != 2 or parts[0] is None or parts[1] is None or summed is None:
        return None
    positive = graph.maker(parts[1].inputs[0], "Abs")
    pool = graph.maker(parts[0].inputs[0], "AveragePool")
    squares = graph.with_number(pool.inputs[0], "Pow") if pool is not None else None
    if pool is None or positive is None or squares is None or squares[1] != 2 or positive.inputs != parts[0].inputs:
        return None
    kernel = pool.wholes("kernel_shape") or ()
    if any(pool.wholes("pads") or ()) or pool.whole("ceil_mode", 0) or summed[1] != np.prod(kernel):
        return None
    return _as(node, "LpPool", [squares[0]], pool.attributes | {"p": 2})


def _largest(graph: Graph, node: OnnxNode) -> OnnxNode | None:
    """Maxout: the largest of fully connected layers of one input."""
    if len(node.inputs) == 2:
        zero = [graph.constant(name) for name in node.inputs]
        for value, other in ((0, 1), (1, 0)):
            number = zero[other]
            if number is not None and number.size == 1 and float(number.ravel()[0]) == 0 and zero[value] is None:
                return _as(node, "Relu", [node.inputs[value]])
    pieces = [graph.maker(name, "Gemm") for name in node.inputs]
    found = [piece for piece in pieces if piece is not None]
    proper = all(piece.attributes == {"transB": 1} and len(piece.inputs) == len(found[0].inputs)
                 and piece.inputs[0] == found[0].inputs[0] for piece in found)
    if len(found) < len(pieces) or not proper or not found:
        return None
    arrays = [name for place in range(1, len(found[0].inputs)) for name in (piece.inputs[place] for piece in found)]
    return _as(node, "Maxout", [found[0].inputs[0], *arrays], pieces=len(found))


def _hinges(graph: Graph, node: OnnxNode) -> OnnxNode | None:
    """APL: max(x, 0) + Σ a max(0, b − x)."""
    first = graph.maker(node.inputs[0], "Relu")
    if first is None or len(node.inputs) < 2:
        return None
    slopes, offsets = [], []
    for name in node.inputs[1:]:
        scaled = graph.maker(name, "Mul")
        opened = graph.maker(scaled.inputs[0], "Relu") if scaled is not None else None
        distance = graph.maker(opened.inputs[0], "Sub") if opened is not None else None
        if scaled is None or distance is None or distance.inputs[1] != first.inputs[0]:
            return None
        slopes.append(scaled.inputs[1])
        offsets.append(distance.inputs[0])
    if any(graph.constant(name) is None for name in (*slopes, *offsets)):
        return None
    return _as(node, "APL", [first.inputs[0], *slopes, *offsets], segments=len(slopes))


# pools --------------------------------------------------------------------------------------------------------------


def _whole_pool(graph: Graph, node: OnnxNode) -> OnnxNode | None:
    """A pool with rows cut off before it, shares corrected or windows of nothing but padding put back behind it."""
    if not graph.ours:
        return None
    pool, pads, share = node, None, None
    if node.operator == "Pad":
        if node.inputs[0] != f"{node.outputs[0]}.inner":
            return None  # a layer of its own behind the pool
        pads = graph.constant(node.inputs[1]) if len(node.inputs) > 1 else None
        found = graph.maker(node.inputs[0], "Mul", *_POOLS)
        if found is None or pads is None or pads.size != 8 or pads.ravel()[[0, 1, 4, 5]].any():
            return None
        pool = found
    if pool.operator == "Mul":
        share, averaged = graph.constant(pool.inputs[1]), graph.maker(pool.inputs[0], "AveragePool")
        if averaged is None or share is None or share.ndim != 4 or share.shape[:2] != (1, 1):
            return None
        pool = averaged
    cut = graph.maker(pool.inputs[0], "Slice")
    starts = [graph.constant(name) for name in cut.inputs[1:]] if cut is not None else []
    if cut is not None and (len(starts) != 3 or starts[2] is None or starts[2].ravel().tolist() != [2, 3]):
        return None
    if pads is None and share is None and cut is None:
        return None
    skipped = [int(each) for each in starts[0].ravel()] if starts and starts[0] is not None else [0, 0]
    left_out = [int(pads.ravel()[place]) for place in (2, 3, 6, 7)] if pads is not None else [0, 0, 0, 0]
    source = cut.inputs[0] if cut is not None else pool.inputs[0]
    return _as(node, "WholePool", [source], pool.attributes | {"kind": pool.operator, "skipped": skipped,
                                                               "left_out": left_out, "share": share})


def _edge_pool(graph: Graph, node: OnnxNode) -> OnnxNode | None:
    """Keras' largest over maps whose edge was repeated: the pool alone, told what was added."""
    pad = graph.maker(node.inputs[0], "Pad")
    own = any(node.wholes("pads") or ()) or node.text("auto_pad", "NOTSET") != "NOTSET" or node.whole("ceil_mode", 0)
    if pad is None or pad.text("mode", "constant") != "edge" or len(pad.inputs) < 2 or any(pad.inputs[3:]) or own:
        return None
    return _as(node, node.operator, pad.inputs[:2], node.attributes | {"edge": 1})


_POOLS = ("MaxPool", "AveragePool", "LpPool")
Pattern = Callable[[Graph, OnnxNode], OnnxNode | None]
_PATTERNS: Mapping[str, tuple[Pattern, ...]] = {
    "Div": (_response,), "Where": (_straight_above, _nothing_below), "Max": (_largest,), "Sum": (_hinges,),
    "Log": (_logarithm,), "Min": (_limited,), "Pow": (_root_of_squares,),
    "Pad": (_whole_pool,), "Mul": (_whole_pool,), "MaxPool": (_whole_pool, _edge_pool), "AveragePool": (_whole_pool,),
    "LpPool": (_whole_pool,),
}
