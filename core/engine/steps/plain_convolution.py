"""Convolution with dilation or groups, by plain loops."""

import numpy as np

from core.engine.flow import Task
from core.engine.pool import Work
from core.engine.steps.base import Build, Step, sums_of_slots
from core.engine.tensor import Tensor
from core.kernels import plain_convolution
from core.layers.conv2d import Conv2D


class PlainConvolution(Step):
    """Conv2D with any settings."""

    def __init__(self, task: Task, source: Tensor, output: Tensor, build: Build) -> None:
        super().__init__(task.name, output, [source])
        layer = task.layer
        assert isinstance(layer, Conv2D)
        self._build, self._source, self._layer = build, source, layer
        shape = task.input_shapes[0]
        inside = (layer.filters, shape[0] // layer.groups, *layer.kernel)
        build.parameters.declare(f"{task.name}.weight", inside, True, (inside, (2, 3, 1, 0)))
        if layer.bias:
            build.parameters.declare(f"{task.name}.bias", (layer.filters,), True)
        self._target = source.claim(build.arena) if build.learns else None
        top, left = layer.window().padded(*shape[1:])[:2]
        self._sizes = np.array([shape[1], shape[2], shape[0], *task.shape[1:], layer.filters, *layer.kernel,
                                *layer.stride, *layer.dilation, top, left, layer.groups, build.chunk], np.int64)
        self._count = int(np.prod(inside))
        self._no_bias = build.arena.floats(layer.filters)
        slots = build.slots if build.learns else 0
        self._slots = build.arena.floats(slots * self._count)
        self._bias_slots = build.arena.floats(slots * layer.filters)

    def ready(self) -> None:
        """Find the parameters in the flat array."""
        parameters = self._build.parameters
        self._place = parameters.table[f"{self.name}.weight"]
        self._weight = parameters.weights[self._place.start:self._place.end]
        self._bias, self._bias_place = self._no_bias, parameters.table.get(f"{self.name}.bias")
        if self._bias_place is not None:
            self._bias = parameters.weights[self._bias_place.start:self._bias_place.end]

    def forward(self, first: int, end: int, thread: int) -> None:
        """Convolve."""
        plain_convolution.plain_forward(self._source.values, self._weight, self._bias, self.output.values, self._sizes,
                                        first, end)

    def backward(self, first: int, end: int, thread: int) -> None:
        """Gradients of the chunks' weights and of the input."""
        given = self.output.gradient
        if given is None:
            return
        if not self._layer.frozen:
            plain_convolution.plain_weights(self._source.values, given, self._slots, self._bias_slots, self._sizes,
                                            first, end)
        if self._target is not None:
            plain_convolution.plain_inputs(given, self._weight, self._target, self._sizes, first, end)

    def gradient_works(self) -> list[Work]:
        """Add up the slots."""
        if self._layer.frozen:
            return []
        works = sums_of_slots(self._build, self._slots, self._place)
        if self._bias_place is not None:
            works += sums_of_slots(self._build, self._bias_slots, self._bias_place)
        return works
