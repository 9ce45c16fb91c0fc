"""Neighbouring layers that run as one step, so that what lies between them never leaves the cache."""

from dataclasses import replace

from core.engine.choice import choose
from core.engine.flow import Flow, Task
from core.layers.activation import ReLU
from core.layers.base import Layer
from core.layers.pooling import MaxPool2D

_TAKES_RELU = ("convolution", "winograd", "dense", "batch-norm", "add")


def fused(flow: Flow) -> Flow:
    """The flow with a ReLU, and behind Conv2D a 2×2 max pool, as one task with the layer before it."""
    readers: dict[str, int] = {}
    for end in flow.ends:
        readers[end.source] = readers.get(end.source, 0) + 1
    for task in flow.tasks:
        for each in task.inputs:
            readers[each] = readers.get(each, 0) + 1
    done: dict[str, Task] = {}
    for task in flow.tasks:
        before = done.get(task.inputs[0])
        joined = _join(before, task) if before is not None and readers[before.output] == 1 else None
        if before is not None and joined is not None:
            del done[before.output]
            done[joined.output] = joined
        else:
            done[task.output] = task
    return replace(flow, tasks=tuple(done.values()))


def _join(before: Task, task: Task) -> Task | None:
    """Both as one task, or None where they do not go together."""
    kernel = choose(before).kernel
    if isinstance(task.layer, ReLU) and kernel in _TAKES_RELU and not before.relu:
        # Behind the pool as well: the largest of four, cut at zero, is the largest of the four cut at zero.
        return replace(before, relu=True, output=task.id)
    if _halves(task.layer) and kernel in ("convolution", "winograd") and not before.pool:
        return replace(before, pool=True, output=task.id, shape=task.shape)
    return None


def _halves(layer: Layer) -> bool:
    """Whether a layer is the common 2×2 max pool without padding."""
    if not isinstance(layer, MaxPool2D) or layer.kernel != (2, 2) or layer.ceil:
        return False
    return layer.stride in (None, (2, 2)) and layer.padding in ("valid", (0, 0, 0, 0))
