"""Weights that were trained in an exported Keras folder, laid out as they are here again."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from core.errors import CoreError
from core.export.keras_model import keras_model
from core.export.plan import Plan, plan_of
from core.layers.base import Array
from core.project import DataChoice, Project


def keras_names(project: Project) -> frozenset[str]:
    """The names that arrays have in the exported folder's weights.npz; none where the network cannot run."""
    plan = _plan(project)
    return frozenset(keras_model(plan).arrays) if plan is not None else frozenset()


def from_keras(project: Project, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Arrays of Keras by their names and in their shapes here; those that do not fit are left out.

    All numbers of the network are counted through and laid out for Keras, which shows where each of them went.
    """
    plan, found = _plan(project), {}
    if plan is None:
        return {}
    sizes = {f"{step.name}.{name}": array.shape for step in plan.steps for name, array in step.arrays.items()}
    places, count = {}, 0
    for name, shape in sizes.items():
        places[name] = np.arange(count, count + int(np.prod(shape))).reshape(shape)
        count += places[name].size
    steps = tuple(replace(step, arrays={name: places[f"{step.name}.{name}"] for name in step.arrays})
                  for step in plan.steps)
    numbers, known = np.zeros(count, np.float32), np.zeros(count, bool)
    for name, went in keras_model(replace(plan, steps=steps)).arrays.items():
        array = arrays.get(name)
        if array is not None and array.shape == went.shape:
            numbers[went], known[went] = array, True
    for name, place in places.items():
        if known[place].all():
            found[name] = numbers[place]
    return found


def _plan(project: Project) -> Plan | None:
    try:
        return plan_of(replace(project, data=DataChoice()), auxiliary=True)
    except CoreError:
        return None
