"""Neighbouring layers that run as one step, so that what lies between them never leaves the cache."""

from dataclasses import replace

from core.engine.choice import choose
from core.engine.flow import Flow, Task
from core.engine.siblings import brought_together
from core.layers.activation import ReLU
from core.layers.base import Layer
from core.layers.merge import Add
from core.layers.pooling import MaxPool2D

_CONVOLUTIONS = ("convolution", "regions", "pointwise", "winograd", "abreast", "split", "dots", "lanewise")
_TAKES_RELU = (*_CONVOLUTIONS, "dense", "batch-norm", "add")


def fused(flow: Flow) -> Flow:
    """The flow with a ReLU, behind Conv2D a 2×2 max pool, and behind BatchNorm an Add, as one task with it.

    Siblings come behind each other.
    """
    readers: dict[str, int] = {}
    for end in flow.ends:
        readers[end.source] = readers.get(end.source, 0) + 1
    for task in flow.tasks:
        for each in task.inputs:
            readers[each] = readers.get(each, 0) + 1
    done: dict[str, Task] = {}
    for task in flow.tasks:
        alone = (done[each] for each in task.inputs if each in done and readers[each] == 1)
        pairs = ((before, _join(before, task)) for before in alone)
        before, joined = next((pair for pair in pairs if pair[1] is not None), (None, None))
        if before is not None and joined is not None:
            del done[before.output]
            done[joined.output] = joined
        else:
            done[task.output] = task
    return brought_together(replace(flow, tasks=tuple(done.values())))


def _join(before: Task, task: Task) -> Task | None:
    """Both as one task, or None where they do not go together."""
    kernel = choose(before).kernel
    if isinstance(task.layer, Add) and kernel == "batch-norm" and _takes_another(before) and len(task.inputs) == 2:
        other = task.inputs[1 - task.inputs.index(before.output)]
        return replace(before, inputs=(*before.inputs, other), output=task.id)
    if isinstance(task.layer, ReLU) and kernel in _TAKES_RELU and not before.relu:
        # Behind the pool as well: the largest of four, cut at zero, is the largest of the four cut at zero.
        return replace(before, relu=True, output=task.id)
    if _halves(task.layer) and kernel in _CONVOLUTIONS and not before.pool:
        return replace(before, pool=True, output=task.id, shape=task.shape)
    return None


def _takes_another(task: Task) -> bool:
    """Whether a normalisation can add another branch: vectors may lie in different orders, maps never do."""
    return len(task.inputs) == 1 and len(task.shape) == 3 and not task.relu


def _halves(layer: Layer) -> bool:
    """Whether a layer is the common 2×2 max pool without padding."""
    if not isinstance(layer, MaxPool2D) or layer.kernel != (2, 2) or layer.ceil:
        return False
    return layer.stride in (None, (2, 2)) and layer.padding in ("valid", (0, 0, 0, 0))
