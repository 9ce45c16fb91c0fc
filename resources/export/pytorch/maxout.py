import torch
from torch import nn


class Maxout(nn.Module):
    """Several linear layers at once, of which each unit keeps the largest (Goodfellow and others, 2013)."""

    def __init__(self, in_features, out_features, pieces, bias=True):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(pieces, out_features, in_features))
        self.bias = nn.Parameter(torch.zeros(pieces, out_features)) if bias else None
        for piece in self.weight:
            nn.init.xavier_uniform_(piece)

    def forward(self, x):
        pieces = torch.einsum("ni,pui->npu", x, self.weight)
        if self.bias is not None:
            pieces = pieces + self.bias
        return pieces.max(dim=1).values
