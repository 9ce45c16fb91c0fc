import math

import numpy as np
import torch
import torch.nn.functional as F


class Augment:
    """Changes training pictures a little, anew in every epoch: cut, tinted, shifted, mirrored."""

    def __init__(self, x, scale):
        self.how = DATA["augment"]
        self.colours = None
        if self.how["rgb_pca"] and x.shape[1] == 3:
            self.colours = colour_components(x, scale)

    def __call__(self, x):
        count, channels, height, width = x.shape
        if self.how["crop"]:
            share = self.how["crop_share"]
            size = (max(1, round(share * height)), max(1, round(share * width)))
            x = windows(x, *size)
            x = F.interpolate(x, (height, width), mode="bilinear", align_corners=False)
        if self.colours is not None:
            alpha = self.how["rgb_pca_by"] * torch.randn(count, 3, device=x.device)
            x = x + (alpha @ self.colours.T.to(x.device))[:, :, None, None]
        if self.how["translate"]:
            by = self.how["translate_by"]
            down, right = (by or math.ceil(height / 10)), (by or math.ceil(width / 10))
            x = windows(F.pad(x, (right, right, down, down)), height, width)
        if self.how["reflect"]:
            mirrored = torch.rand(count, 1, 1, 1, device=x.device) < 0.5
            x = torch.where(mirrored, x.flip(3), x)
        return x


def windows(x, height, width):
    """A window of that size out of each picture, at a place drawn for each."""
    count, channels = x.shape[:2]
    top = torch.randint(x.shape[2] - height + 1, (count, 1), device=x.device)
    left = torch.randint(x.shape[3] - width + 1, (count, 1), device=x.device)
    rows = top + torch.arange(height, device=x.device)
    columns = left + torch.arange(width, device=x.device)
    pictures = torch.arange(count, device=x.device)[:, None, None, None]
    planes = torch.arange(channels, device=x.device)[None, :, None, None]
    return x[pictures, planes, rows[:, None, :, None], columns[:, None, None, :]]


def colour_components(x, scale):
    """Eigenvectors of the colours' covariance, each times its eigenvalue (Krizhevsky and others, 2012)."""
    total, products, count = np.zeros(3), np.zeros((3, 3)), 0
    for block in x.split(2048):
        pixels = block.double().mul(scale).transpose(0, 1).reshape(3, -1).numpy()
        total += pixels.sum(axis=1)
        products += pixels @ pixels.T
        count += pixels.shape[1]
    mean = total / count
    values, vectors = np.linalg.eigh(products / count - np.outer(mean, mean))
    return torch.from_numpy(vectors * np.maximum(values, 0.0)).float()
