import torch
import torch.nn.functional as F
from torch import nn


class APL(nn.Module):
    """ReLU plus a few hinges per channel with trained slopes and places (Agostinelli and others, 2014)."""

    def __init__(self, channels, segments):
        super().__init__()
        self.slopes = nn.Parameter(torch.zeros(segments, channels))
        self.offsets = nn.Parameter(torch.randn(segments, channels) * 0.05)

    def forward(self, x):
        shape = (1, -1) + (1,) * (x.dim() - 2)
        y = F.relu(x)
        for slope, offset in zip(self.slopes, self.offsets):
            y = y + slope.view(shape) * F.relu(offset.view(shape) - x)
        return y
