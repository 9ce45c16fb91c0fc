import torch.nn.functional as F
from torch import nn


class L2Pool2d(nn.Module):
    """The root of the sum of squares of each window."""

    def __init__(self, kernel_size, stride, padding=(0, 0, 0, 0)):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding  # left, right, top, bottom

    def forward(self, x):
        squares = F.pad(x, self.padding).square()
        total = F.avg_pool2d(squares, self.kernel_size, self.stride, divisor_override=1)
        # The root has no finite slope at 0.
        return total.clamp(min=1e-14).sqrt()
