"""Taking up a training where another one stopped: the optimizer's memory, checked before the engine gets it."""

from collections.abc import Mapping

import numpy as np

from core.engine.engine import Engine
from core.errors import TrainingError
from core.layers.base import Array
from core.settings import settings_of
from core.train.best import without_weights
from core.train.job import Trainable
from core.train.optimizers import Optimizer
from core.train.progress import GO_ON, changed, read_progress

AFRESH = "The optimizer is another one than before, so it starts afresh."


def need_unchanged(project: Trainable, mark: str) -> tuple[str, ...]:
    """TrainingError where network, data or order are no longer the same; else what is to be said about options."""
    reason, names = changed(project, mark)
    if reason:
        raise TrainingError(reason)
    others = [settings_of(type(project.options))[name].label.lower() for name in names if name != "optimizer"]
    if not others:
        return ()
    text = (f"Changed since the pause: {', '.join(others)}. The training goes on with that, so it is no longer the "
            f"same as one without a pause.")
    return (text,)


def take_state(engine: Engine, project: Trainable, optimizer: Optimizer) -> tuple[str, ...]:
    """Give the engine the optimizer's arrays and the number of steps; another optimizer starts afresh, which is said.

    TrainingError where the arrays are not those that this optimizer keeps for this network.
    """
    state = without_weights(project.state)
    slots = {name.rpartition(".")[2] for name in state if "." in name}
    before = _optimizer_before(project)
    if before != optimizer.name if before else slots and slots != set(optimizer.slots):
        return (AFRESH,)
    needed = {f"{name}.{slot}": shape for name, shape in engine.trained_shapes().items() for slot in optimizer.slots}
    found = {name: tuple(array.shape) for name, array in state.items() if "." in name}
    whole = all(array.dtype == np.float32 for name, array in state.items() if "." in name)
    steps = _steps(state)
    if not whole or (found != needed and (found or steps)):
        raise TrainingError(f"What the optimizer remembers does not fit this network any more: {GO_ON}.")
    engine.set_state(state)
    return ()


def _optimizer_before(project: Trainable) -> str:
    """The optimizer that made the state; where nothing says so, its slots are all there is to see."""
    made = read_progress(project.progress).made
    return str(made.options.get("optimizer", "")) if made is not None else ""


def _steps(state: Mapping[str, Array]) -> int:
    """How many steps the optimizer made."""
    steps = state.get("steps")
    if steps is None:
        return 0
    if steps.dtype != np.int64 or steps.size != 1 or int(steps.reshape(-1)[0]) < 0:
        raise TrainingError(f"The number of steps of this training is damaged: {GO_ON}.")
    return int(steps.reshape(-1)[0])
