"""Networks as PyTorch users write them, exported by both exporters of PyTorch, answer here as they do there."""

import warnings

import numpy as np
import pytest

from core.formats import open_file
from core.graph.model import Model
from core.graph.shapes import infer
from core.layers.input import Input

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
nn = torch.nn


class LeNet(nn.Module):
    """Written as in the tutorials."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = nn.functional.max_pool2d(torch.relu(self.conv1(x)), (2, 2))
        x = nn.functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        x = x.view(x.size(0), -1)
        x = torch.relu(self.fc2(torch.relu(self.fc1(x))))
        return self.fc3(x)


class Block(nn.Module):
    """A basic block, with a projection where the shape changes."""

    def __init__(self, before, after, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.downsample = None
        if stride != 1 or before != after:
            self.downsample = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))

    def forward(self, x):
        identity = x if self.downsample is None else self.downsample(x)
        x = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(x)) + identity)


class ResNet18(nn.Module):
    """As in torchvision, with the width to choose so that tests stay small."""

    def __init__(self, width=16):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        widths = [width, width, 2 * width, 4 * width, 8 * width]
        for number in range(1, 5):
            first = Block(widths[number - 1], widths[number], 1 if number == 1 else 2)
            setattr(self, f"layer{number}", nn.Sequential(first, Block(widths[number], widths[number], 1)))
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(8 * width, 10)

    def forward(self, x):
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class Mixed(nn.Module):
    """Normalised pictures, branches, shortcuts, and whatever else is common."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.4, 0.5, 0.6]).reshape(1, 3, 1, 1))
        self.a = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.PReLU(8), nn.AvgPool2d(2, ceil_mode=True))
        self.b = nn.Sequential(nn.Conv2d(3, 8, 3, padding=2, dilation=2), nn.ELU(), nn.MaxPool2d(3, 2, 1))
        self.drop = nn.Dropout(0.5)
        self.out = nn.Linear(16, 4)

    def forward(self, x):
        x = (x - self.mean) / 0.25
        x = torch.cat([self.a(x), self.b(x)], 1)
        x = nn.functional.leaky_relu(x, 0.2).mean([2, 3])
        return torch.softmax(self.out(self.drop(x)), 1)


def _export(model, x, path, *, dynamo, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, (x,), str(path), dynamo=dynamo, verbose=False, **options)


def _trained(model):
    torch.manual_seed(0)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_var, 0.5, 1.5)
            nn.init.normal_(module.running_mean, 0, 0.3)
            nn.init.uniform_(module.weight, 0.5, 1.5)
    return model.eval()


def _differ(model, x, path):
    project = open_file(path)
    assert infer(project.network).errors == ()
    names = [node.name for node in project.network.nodes.values() if isinstance(node.layer, Input)]
    last = project.network.nodes[project.network.finals()[0]].name
    found = Model(project.network, project.weights).outputs({names[0]: x.numpy()}, [last])[last]
    with torch.no_grad():
        expected = model(x).numpy()
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 1e-4 * max(1, np.abs(expected).max())
    return project


@pytest.mark.parametrize("dynamo", [False, True], ids=["torchscript", "dynamo"])
def test_lenet(tmp_path, dynamo):
    torch.manual_seed(0)
    model, x = LeNet().eval(), torch.rand(2, 1, 32, 32)
    _export(model, x, tmp_path / "lenet.onnx", dynamo=dynamo)
    project = _differ(model, x, tmp_path / "lenet.onnx")
    kinds = [project.network.nodes[key].type for key in project.network.order]
    assert kinds == ["Input", "Conv2D", "ReLU", "MaxPool2D", "Conv2D", "ReLU", "MaxPool2D", "Flatten", "Dense", "ReLU",
                     "Dense", "ReLU", "Dense"]
    assert {"conv1", "conv2", "fc1", "fc2", "fc3"} <= project.network.names.keys()
    assert np.array_equal(project.weights["fc1.weight"], model.fc1.weight.detach().numpy())


@pytest.mark.parametrize("dynamo", [False, True], ids=["torchscript", "dynamo"])
def test_lenet_with_a_free_batch(tmp_path, dynamo):
    torch.manual_seed(0)
    model, x = LeNet().eval(), torch.rand(3, 1, 32, 32)
    free = {"dynamic_shapes": ({0: torch.export.Dim("n")},)} if dynamo else {"input_names": ["x"],
                                                                              "dynamic_axes": {"x": {0: "n"}}}
    _export(model, x, tmp_path / "lenet.onnx", dynamo=dynamo, **free)
    _differ(model, torch.rand(2, 1, 32, 32), tmp_path / "lenet.onnx")


@pytest.mark.parametrize("dynamo", [False, True], ids=["torchscript", "dynamo"])
def test_resnet18(tmp_path, dynamo):
    model, x = _trained(ResNet18()), torch.rand(1, 3, 64, 64)
    _export(model, x, tmp_path / "resnet.onnx", dynamo=dynamo)
    project = _differ(model, x, tmp_path / "resnet.onnx")
    kinds = [node.type for node in project.network.nodes.values()]
    assert (kinds.count("Conv2D"), kinds.count("Add"), kinds.count("GlobalAveragePool2D")) == (20, 8, 1)
    assert "Unknown" not in kinds
    assert "Flatten" not in kinds


@pytest.mark.parametrize("dynamo", [False, True], ids=["torchscript", "dynamo"])
def test_other_layers(tmp_path, dynamo):
    torch.manual_seed(1)
    model, x = Mixed().eval(), torch.rand(2, 3, 17, 19)
    _export(model, x, tmp_path / "mixed.onnx", dynamo=dynamo)
    project = _differ(model, x, tmp_path / "mixed.onnx")
    assert {"PReLU", "ELU", "Concatenate", "LeakyReLU", "Softmax"} <= {node.type for node in
                                                                      project.network.nodes.values()}


@pytest.mark.parametrize("options", [{"training": torch.onnx.TrainingMode.PRESERVE, "do_constant_folding": False},
                                     {"opset_version": 9}, {"opset_version": 11}, {"opset_version": 18}], ids=str)
def test_settings_of_the_older_exporter(tmp_path, options):
    model, x = _trained(ResNet18(8)), torch.rand(1, 3, 40, 32)
    _export(model, x, tmp_path / "resnet.onnx", dynamo=False, **options)
    _differ(model, x, tmp_path / "resnet.onnx")


@pytest.mark.parametrize(("make", "kind"), [
    (lambda: nn.LocalResponseNorm(5, 0.5, 0.75, 2.0), "LocalResponseNorm"), (nn.Softplus, "Softplus"),
    (lambda: nn.LocalResponseNorm(4, 0.5), "LocalResponseNorm"), (lambda: nn.AdaptiveMaxPool2d(1), "GlobalMaxPool2D"),
    (lambda: nn.ZeroPad2d((1, 2, 0, 1)), "Pad2D")])
def test_layers_of_the_newer_exporter(tmp_path, make, kind):
    model, x = nn.Sequential(make(), nn.Flatten()), torch.rand(2, 6, 7, 8) * 4 - 2
    _export(model, x, tmp_path / "m.onnx", dynamo=True)
    project = _differ(model, x, tmp_path / "m.onnx")
    assert kind in {node.type for node in project.network.nodes.values()}
