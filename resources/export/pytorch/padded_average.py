import torch
import torch.nn.functional as F
from torch import nn


class PaddedAvgPool2d(nn.Module):
    """Average pooling with a padding of its own on each side; what hangs over the edge never counts."""

    def __init__(
        self, kernel_size, stride, padding, overhang=(0, 0), count_include_pad=False
    ):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding  # left, right, top, bottom
        self.overhang = (0, overhang[0], 0, overhang[1])
        self.count_include_pad = count_include_pad

    def forward(self, x):
        counted = F.pad(
            torch.ones_like(x[:1, :1]),
            self.padding,
            value=float(self.count_include_pad),
        )
        total, counts = (
            F.avg_pool2d(
                F.pad(each, self.overhang),
                self.kernel_size,
                self.stride,
                divisor_override=1,
            )
            for each in (F.pad(x, self.padding), counted)
        )
        return total / counts.clamp(min=1)
