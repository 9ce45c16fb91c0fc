"""What PyTorch users write: a table of modules that open and answer as in PyTorch, or whose missing operator is named.

Each is exported alone by the older exporter, and all of them as branches of one network by the newer one.
"""

import pytest

from core.formats import open_file

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
from tests.core.formats.torch_networks import NETWORKS  # noqa: E402
from tests.core.formats.torch_opened import (  # noqa: E402
    assert_same,
    difference,
    exported,
    missing,
    outputs,
    trained,
)

nn, functional = torch.nn, torch.nn.functional


class Written(nn.Module):
    """A forward function with its modules; `numbers` becomes a buffer."""

    def __init__(self, function, *modules, numbers=None):
        super().__init__()
        self.function, self.parts = function, nn.ModuleList(modules)
        if numbers is not None:
            self.register_buffer("numbers", torch.tensor(numbers).view(1, -1, 1, 1))

    def forward(self, x):
        more = (self.numbers,) if hasattr(self, "numbers") else ()
        return self.function(x, *self.parts, *more)


def _conv(before=3, after=8, kernel=3, **settings):
    return nn.Conv2d(before, after, kernel, **settings)


def _behind(make):
    """A layer behind a convolution."""
    return lambda: nn.Sequential(_conv(), make())


def _head(function, size):
    """A convolution, what makes a vector of its maps, and a Linear."""
    return lambda: Written(lambda x, conv, linear: linear(function(functional.relu(conv(x)))), _conv(),
                           nn.Linear(size, 5))


def _shuffle(x, groups):
    batch, channels, height, width = x.size()
    return x.view(batch, groups, channels // groups, height, width).transpose(1, 2).contiguous().view(
        batch, channels, height, width)


# Pictures of 3 × 16 × 16; the convolution makes maps of 8 × 14 × 14.
OPENS = {
    "Sequential": lambda: nn.Sequential(_conv(padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(512, 5)),
    "view(size(0), -1)": _head(lambda x: x.view(x.size(0), -1), 1568),
    "reshape(-1, n)": _head(lambda x: x.reshape(-1, 1568), 1568),
    "flatten(1)": _head(lambda x: torch.flatten(x, 1), 1568), "mean([2, 3])": _head(lambda x: x.mean([2, 3]), 8),
    "flatten(2).mean(2)": _head(lambda x: x.flatten(2).mean(2), 8),
    "mean(3).mean(2)": _head(lambda x: x.mean(3).mean(2), 8), "amax": _head(lambda x: x.amax(dim=(2, 3)), 8),
    "mean over rows": lambda: Written(lambda x, conv: conv(x).mean(2, keepdim=True), _conv()),
    "sum": _head(lambda x: x.sum((2, 3)), 8),
    "avg_pool2d and squeeze": _head(lambda x: functional.avg_pool2d(x, 14).squeeze(-1).squeeze(-1), 8),
    "AdaptiveAvgPool2d(1)": _behind(lambda: nn.AdaptiveAvgPool2d(1)),
    "AdaptiveAvgPool2d((2, 2))": _behind(lambda: nn.AdaptiveAvgPool2d((2, 2))),
    "AdaptiveMaxPool2d(1)": _behind(lambda: nn.AdaptiveMaxPool2d(1)),
    "ReLU6": _behind(nn.ReLU6), "Hardtanh": _behind(nn.Hardtanh), "Hardsigmoid": _behind(nn.Hardsigmoid),
    "clamp(0, 6)": lambda: Written(lambda x, conv: conv(x).clamp(0, 6) + 1, _conv()),
    "clamp(min)": lambda: Written(lambda x, conv: conv(x).clamp(min=-0.1), _conv()),
    "clamp(max)": lambda: Written(lambda x, conv: conv(x).clamp(max=0.2), _conv()),
    "maximum": lambda: Written(lambda x, conv: torch.maximum(y := conv(x), torch.zeros_like(y)), _conv()),
    "LeakyReLU": _behind(lambda: nn.LeakyReLU(0.2)), "PReLU": _behind(nn.PReLU),
    "PReLU per channel": _behind(lambda: nn.PReLU(8)), "ELU": _behind(nn.ELU), "SELU": _behind(nn.SELU),
    "CELU": _behind(lambda: nn.CELU(0.7)), "Softplus": _behind(nn.Softplus),
    "Softplus(2)": _behind(lambda: nn.Softplus(beta=2)), "LogSigmoid": _behind(nn.LogSigmoid),
    "Threshold": _behind(lambda: nn.Threshold(0, 0)), "Tanhshrink": _behind(nn.Tanhshrink),
    "abs": lambda: Written(lambda x, conv: torch.abs(conv(x)), _conv()),
    "LocalResponseNorm": _behind(lambda: nn.LocalResponseNorm(5, 0.1)),
    "LocalResponseNorm(2)": _behind(lambda: nn.LocalResponseNorm(2, 1e-2, 0.75, 2.0)),
    "LPPool2d": _behind(lambda: nn.LPPool2d(2, 3, 2)), "Dropout2d": _behind(nn.Dropout2d),
    "BatchNorm2d": _behind(lambda: nn.BatchNorm2d(8)),
    "BatchNorm2d(affine=False)": _behind(lambda: nn.BatchNorm2d(8, affine=False)),
    "BatchNorm1d": lambda: nn.Sequential(nn.Flatten(), nn.Linear(768, 8), nn.BatchNorm1d(8), nn.ReLU()),
    "depthwise": _behind(lambda: _conv(8, 8, groups=8, padding=1)), "grouped": _behind(lambda: _conv(8, 12, groups=4)),
    "dilated": _behind(lambda: _conv(8, 8, dilation=2, padding=2)),
    "padding='same'": _behind(lambda: _conv(8, 8, 4, padding="same")),
    "oblong": _behind(lambda: _conv(8, 8, (3, 5), stride=(2, 1), padding=(1, 2))),
    "pad": lambda: Written(lambda x, conv: conv(functional.pad(x, (1, 1, 2, 2))), _conv()),
    "ConstantPad2d": _behind(lambda: nn.ConstantPad2d((1, 0, 2, 1), 0.5)),
    "normalised": lambda: Written(lambda x, conv, mean: conv((x - mean) / 0.25), _conv(), numbers=[0.4, 0.5, 0.6]),
    "2 x - 1": lambda: Written(lambda x, conv: conv(2 * x - 1), _conv()),
    "cat": lambda: Written(lambda x, a, b: torch.cat([functional.relu(a(x)), b(x), functional.max_pool2d(x, 3, 1)], 1),
                           _conv(), _conv(after=5)),
    "shuffle": lambda: Written(lambda x, conv: _shuffle(conv(x), 2), _conv()),
    "chunk": lambda: Written(lambda x, conv: torch.cat(conv(x).chunk(2, 1)[::-1], 1), _conv()),
    "channels": lambda: Written(lambda x, conv: conv(x)[:, 2:5], _conv()),
    "every other pixel": lambda: Written(lambda x, conv: conv(x)[:, :, ::2, ::2], _conv()),
    "empty channels": lambda: Written(lambda x, conv: functional.pad(conv(x), (0, 0, 0, 0, 2, 1)), _conv()),
    "residual": lambda: Written(lambda x, a, b: functional.relu(b(y := functional.relu(a(x))) + y), _conv(),
                                _conv(8, 8, padding=1)),
    "scaled residual": lambda: Written(lambda x, a, b: (y := a(x)) + 0.1 * b(y), _conv(), _conv(8, 8, 1)),
    "Softmax": lambda: nn.Sequential(nn.Flatten(), nn.Linear(768, 7), nn.Softmax(dim=1)),
    "ceil_mode": _behind(lambda: nn.MaxPool2d(3, 2, 1, ceil_mode=True)),
    "AvgPool2d(ceil_mode)": _behind(lambda: nn.AvgPool2d(3, 2, 1, ceil_mode=True)),
    "count_include_pad": _behind(lambda: nn.AvgPool2d(3, 2, 1, count_include_pad=False)),
    "1 - x": lambda: Written(lambda x, conv: 1 - conv(x), _conv()),
    "permuted Linear": lambda: Written(lambda x, linear: linear(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2),
                                       nn.Linear(3, 6)),
}
MISSING = {
    "ConvTranspose2d": (_behind(lambda: nn.ConvTranspose2d(8, 8, 2, 2)), "ConvTranspose"),
    "GELU": (_behind(nn.GELU), "Gelu"), "SiLU": (_behind(nn.SiLU), "Mul"), "Hardswish": (_behind(nn.Hardswish),
                                                                                        "HardSwish"),
    "GroupNorm": (_behind(lambda: nn.GroupNorm(2, 8)), "InstanceNormalization"),
    "LayerNorm": (_behind(lambda: nn.LayerNorm([8, 14, 14])), "LayerNormalization"),
    "dilated pool": (_behind(lambda: nn.MaxPool2d(3, dilation=2)), "MaxPool"),
    "reflecting pad": (_behind(lambda: nn.ReflectionPad2d(1)), "Pad"),
    "Upsample": (_behind(lambda: nn.Upsample(scale_factor=2)), "Resize"),
    "PixelShuffle": (_behind(lambda: nn.PixelShuffle(2)), "DepthToSpace"),
    "Softmax2d": (_behind(nn.Softmax2d), "Softmax"),
    "cut": (lambda: Written(lambda x, conv: conv(x)[:, :, 1:-1], _conv()), "Slice"),
    "squeeze and excitation": (lambda: Written(
        lambda x, conv, a, b: (y := conv(x)) * torch.sigmoid(b(torch.relu(a(y.mean((2, 3)))))).view(-1, 8, 1, 1),
        _conv(), nn.Linear(8, 4), nn.Linear(4, 8)), "Mul"),
}


class Branches(nn.Module):
    """All modules behind one input."""

    def __init__(self, modules):
        super().__init__()
        self.branches = nn.ModuleList(modules)

    def forward(self, x):
        return tuple(branch(x) for branch in self.branches)


def _made(make, seed=0):
    torch.manual_seed(seed)
    return trained(make())


@pytest.mark.parametrize("name", OPENS)
def test_opens_and_answers_alike(tmp_path, name):
    module = _made(OPENS[name])
    exported(module, torch.rand(3, 3, 16, 16), tmp_path / "m.onnx", dynamo=False, free=True)
    assert_same(module, torch.rand(2, 3, 16, 16) * 3 - 1, tmp_path / "m.onnx")


@pytest.mark.parametrize("name", MISSING)
def test_what_is_missing_is_named(tmp_path, name):
    make, operator = MISSING[name]
    exported(_made(make), torch.rand(2, 3, 16, 16), tmp_path / "m.onnx", dynamo=False)
    project = open_file(tmp_path / "m.onnx")
    named = missing(project)[0]
    assert named["operator"] == operator
    assert named["node"]
    assert named["number"] >= 1
    assert named["why"]
    assert any(node.type == "Conv2D" for node in project.network.nodes.values())


def test_all_of_them_by_the_newer_exporter(tmp_path):
    module = Branches([_made(make, seed) for seed, make in enumerate(OPENS.values())])
    x = torch.rand(2, 3, 16, 16) * 3 - 1
    exported(module, x, tmp_path / "m.onnx", dynamo=True)
    project = open_file(tmp_path / "m.onnx")
    assert missing(project) == []
    found = outputs(project, x)
    with torch.no_grad():
        expected = dict(zip(OPENS, module(x), strict=True))
    # Each branch has weights of its own, so no two answers are the same; their order is that of the drawing.
    assert len(found) == len(expected)
    strange = [name for name, each in expected.items()
               if min(difference(other, each.numpy()) for other in found) > 1e-4]
    assert strange == []


def test_what_the_newer_exporter_writes_and_is_missing_is_named(tmp_path):
    module = Branches([_made(make) for make, _ in MISSING.values()])
    exported(module, torch.rand(2, 3, 16, 16), tmp_path / "m.onnx", dynamo=True)
    named = {each["operator"] for each in missing(open_file(tmp_path / "m.onnx"))}
    assert {operator for _, operator in MISSING.values()} <= named


@pytest.mark.parametrize("dynamo", [False, True], ids=["torchscript", "dynamo"])
@pytest.mark.parametrize("name", NETWORKS)
def test_well_known_networks(tmp_path, name, dynamo):
    make, shape = NETWORKS[name]
    module = _made(make)
    exported(module, torch.rand(2, *shape), tmp_path / "m.onnx", dynamo=dynamo)
    assert_same(module, torch.rand(2, *shape), tmp_path / "m.onnx")
