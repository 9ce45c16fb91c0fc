"""Which layers read the same maps and are worked on together: a convolution with a stride and a 1×1 beside it."""

from collections.abc import Mapping
from dataclasses import replace

from core.engine.choice import Choice, choose
from core.engine.flow import Flow, Task
from core.layers.conv2d import Conv2D


def siblings(flow: Flow) -> list[tuple[Task, Task]]:
    """Pairs of tasks, the larger filter first."""
    found, large = [], {task.inputs[0]: task for task in flow.tasks if choose(task).kernel == "regions"}
    for task in flow.tasks:
        if _is_small(task) and task.inputs[0] in large and not large[task.inputs[0]].pool:
            found.append((large.pop(task.inputs[0]), task))
    return found


def _is_small(task: Task) -> bool:
    """Whether a task is a 1×1 with a stride and nothing behind it that needs windows."""
    layer = task.layer
    return (isinstance(layer, Conv2D) and layer.stride != (1, 1) and not task.pool
            and choose(task).kernel == "pointwise")


def brought_together(flow: Flow) -> Flow:
    """The flow with siblings behind each other, where the first one was: they need the same, and nothing else."""
    tasks = list(flow.tasks)
    for pair in siblings(flow):
        first, second = sorted(pair, key=tasks.index)
        tasks.remove(second)
        tasks.insert(tasks.index(first) + 1, second)
    return replace(flow, tasks=tuple(tasks))


def with_siblings(flow: Flow, choices: Mapping[str, Choice]) -> dict[str, Choice]:
    """The choices, by the layers' names; those of siblings tell of each other."""
    found = dict(choices)
    for large, small in siblings(flow):
        for task, other in ((large, small), (small, large)):
            added = f"; by turns with {other.name.rpartition('/')[2]}, as both read the same maps"
            found[task.name] = replace(found[task.name], reason=found[task.name].reason + added)
    return found
