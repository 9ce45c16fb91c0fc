"""Layers without a fast step run their NumPy definition on the whole batch."""

import zlib

import numpy as np

from core.engine.flow import Task
from core.engine.steps.base import Build, Part, Step
from core.engine.tensor import Tensor
from core.layers.base import Array, Backward, Pass


class Definition(Step):
    """Any layer: arrays are turned to N×C×H×W and back."""

    steady = False

    def __init__(self, task: Task, sources: list[Tensor], output: Tensor, build: Build) -> None:
        super().__init__(task.name, output, sources)
        self._build, self._layer, self._sources = build, task.layer, sources
        self._specs = task.layer.arrays(*task.input_shapes)
        for name, spec in self._specs.items():
            build.parameters.declare(f"{task.name}.{name}", spec.shape, spec.trained)
        self._targets = [source.claim(build.arena) if build.learns else None for source in sources]
        self._backward: Backward | None = None
        self._measured: dict[str, Array] = {}

    def forward_parts(self) -> list[Part]:
        """All pictures at once."""
        return [Part(once=self._run_forward)]

    def backward_parts(self) -> list[Part]:
        """All pictures at once."""
        return [Part(once=self._run_backward)]

    def _run_forward(self) -> None:
        run, parameters = self._build.run, self._build.parameters
        weights = {name: parameters.table[f"{self.name}.{name}"].read(parameters.weights) for name in self._specs}
        inputs = [source.read(run.count) for source in self._sources]
        stream = np.random.default_rng([run.seed, run.step, zlib.crc32(self.name.encode())])
        how = Pass(training=run.training, noise=run.noise, rng=stream)
        made, self._backward = self._layer.forward(weights, inputs, how)
        self._measured = how.statistics
        self.output.put(self.output.values, made)

    def _run_backward(self) -> None:
        assert self._backward is not None
        assert self.output.gradient is not None
        parameters = self._build.parameters
        given = self.output.outside(self.output.gradient, self._build.run.count)
        inputs, arrays = self._backward(given)
        for source, target, gradient in zip(self._sources, self._targets, inputs, strict=True):
            if target is not None:
                source.put(target, gradient)
        for name, gradient in arrays.items():
            if not self._layer.frozen:
                parameters.table[f"{self.name}.{name}"].write(parameters.gradients, gradient)

    def commit(self) -> None:
        """Keep running means and the like."""
        for name, value in self._measured.items():
            if not self._layer.frozen:
                self._build.parameters.table[f"{self.name}.{name}"].write(self._build.parameters.weights, value)
