"""An output that several layers read: their gradients add up."""

from core.engine.steps.base import Build, Step
from core.engine.tensor import Tensor
from core.kernels import elementwise


class GatherGradients(Step):
    """Stands behind the layer that made the output, and adds up what its readers sent back."""

    def __init__(self, name: str, output: Tensor, build: Build) -> None:
        super().__init__(name, output, [output])
        self._build = build

    def forward(self, first: int, end: int, thread: int) -> None:
        """Nothing to do."""

    def backward(self, first: int, end: int, thread: int) -> None:
        """The first reader's gradient plus the others', always in the same order."""
        if self.output.gradient is None:
            return
        self.output.add_samples(first, end)
        for other in self.output.others:
            elementwise.add_rows(other, self.output.gradient, first, end, self.output.size)
