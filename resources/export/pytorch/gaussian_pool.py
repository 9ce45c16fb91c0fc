import torch
import torch.nn.functional as F
from torch import nn


class GaussianPool2d(nn.Module):
    """A mean of each window in which pixels near the centre count most, by a bell curve."""

    def __init__(self, kernel_size, stride, sigma, padding=(0, 0, 0, 0)):
        super().__init__()
        height, width = (
            (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
        )
        rows = (torch.arange(height, dtype=torch.float64) - (height - 1) / 2).square()
        columns = (torch.arange(width, dtype=torch.float64) - (width - 1) / 2).square()
        distances = rows[:, None] + columns
        bell = torch.softmax(-distances.flatten() / (2 * sigma**2), dim=0).float()
        self.register_buffer("bell", bell.view(1, 1, height, width), persistent=False)
        self.stride = stride
        self.padding = padding  # left, right, top, bottom

    def forward(self, x):
        channels = x.shape[1]
        bell = self.bell.expand(channels, -1, -1, -1)
        return F.conv2d(
            F.pad(x, self.padding), bell, stride=self.stride, groups=channels
        )
