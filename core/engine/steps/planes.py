"""3×3 convolution at stride 1 of pictures with one or three channels, a first layer; maybe with a ReLU."""

import numpy as np

from core.engine.flow import Task
from core.engine.steps.convolution import CACHE_FLOATS, Place
from core.engine.steps.direct import DirectConvolution
from core.engine.steps.geometry import Geometry
from core.engine.tensor import Tensor
from core.kernels import colours, planes
from core.kernels.processor import LANES
from core.layers.conv2d import Conv2D

# Larger pictures are much work: where a batch has only a few, each of them is shared between threads.
_MOST_PIXELS = 64 * 64
# Processors with vectors of so many lanes have 32 registers for them.
_LANES_OF_MANY_REGISTERS = 16


def few_channels(task: Task, source: Tensor) -> bool:
    """Whether a convolution is done faster here than by the register tiles: nothing is sent back, lanes are full."""
    layer = task.layer
    assert isinstance(layer, Conv2D)
    if task.pool or source.gradient is not None or layer.stride != (1, 1) or layer.kernel != (planes.SIDE, planes.SIDE):
        return False
    shape = Geometry.of(layer, task.input_shapes[0])
    known = shape.channels == 1 or (shape.channels == colours.CHANNELS and LANES == _LANES_OF_MANY_REGISTERS)
    return known and shape.filters % LANES == 0 and shape.pixels <= _MOST_PIXELS


class PlaneConvolution(DirectConvolution):
    """Conv2D 3×3 on one channel or three, without a pool; no gradient goes to its input."""

    # The gradient passes the gate of ReLU in the kernel.
    bare_maps = False
    takes_turns = False

    def together(self, shape: Geometry) -> int:
        """Only the frames need to stay in the cache."""
        return CACHE_FLOATS // shape.frame_numbers

    def _plan_forward(self) -> None:
        super()._plan_forward()
        shape, chunk = self.shape, self.build.chunk
        self._row_sizes = self.build.settings(0, 0, shape.frame_numbers, shape.line, 0, *shape.out, shape.filters)
        self._gradient_sizes = self.build.settings(0, 0, chunk, 0, shape.frame_numbers, shape.line, *shape.out,
                                                   shape.filters, int(not self.relu), self._bias_step)

    def convolve(self, frame: Place, target: Place, count: int, floor: np.float32, thread: int) -> None:
        """Row by row, all taps in registers."""
        sizes = self._row_sizes[thread]
        sizes[0], sizes[1], sizes[4] = count, frame[1], target[1]
        convolve = planes.convolve_planes if self.shape.channels == 1 else colours.convolve_colours
        convolve(frame[0], self._filters, self.bias, target[0], floor, sizes)

    def backward(self, first: int, end: int, thread: int) -> None:
        """The gradient through ReLU to the chunks of filters and bias."""
        given = self.output.gradient
        if self.frozen or given is None:
            return
        sizes = self._gradient_sizes[thread]
        add = planes.add_plane_gradients if self.shape.channels == 1 else colours.add_colour_gradients
        # Without a ReLU all of the gradient passes, and nobody asks what was made.
        made = self.output.values if self.relu else given
        for start, count in self.groups(first, end):
            frame, sizes[3] = self._framed(start, count, thread)
            sizes[0], sizes[1] = start, start + count
            add(frame, given, made, self.sums.found, self._bias_slots, sizes)
