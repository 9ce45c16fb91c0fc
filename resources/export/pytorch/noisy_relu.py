import torch
import torch.nn.functional as F
from torch import nn


class NoisyReLU(nn.Module):
    """max(0, x + noise) in training, a plain ReLU otherwise (Nair and Hinton, 2010)."""

    def __init__(self, sigma):
        super().__init__()
        self.sigma = sigma

    def forward(self, x):
        if self.training:
            x = x + self.sigma * torch.randn_like(x)
        return F.relu(x)
