"""The memory of training, estimated from the drawing, against what the engine claims."""

import pytest

from core.engine.engine import Engine
from core.engine.planned import planned_bytes
from core.graph.cost import cost
from core.graph.initial import complete
from core.graph.network import Edge, Network
from core.graph.shapes import infer
from core.templates import TEMPLATES, template
from core.templates.base import Builder

SMALL = [name for name in TEMPLATES if cost(infer(template(name).network)).memory_bytes(16) < 100_000_000]


def claimed(network: Network, batch: int, threads: int, optimizer: str) -> int:
    engine = Engine(network, complete(infer(network), {}, 0), batch, threads=threads)
    try:
        return engine.training_bytes(optimizer)
    finally:
        engine.close()


def close_enough(network: Network, batch: int, threads: int = 2, optimizer: str = "adam") -> None:
    """Within 15 % above and 5 % below what the engine takes."""
    wanted = planned_bytes(network, batch, threads, optimizer)
    found = cost(infer(network)).memory_bytes(batch, optimizer, threads)
    assert 0.95 * wanted <= found <= 1.15 * wanted, f"{found / wanted:.3f} of {wanted:,}"


@pytest.mark.parametrize("name", SMALL)
def test_counting_without_claiming_finds_what_the_engine_claims(name):
    network = template(name).network
    assert planned_bytes(network, 16, 3, "momentum") == claimed(network, 16, 3, "momentum")


@pytest.mark.parametrize("batch", [1, 16, 64, 256])
@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_is_estimated_well(name, batch):
    close_enough(template(name).network, batch)


@pytest.mark.parametrize(("threads", "optimizer"), [(1, "sgd"), (8, "nesterov"), (16, "adamw")])
@pytest.mark.parametrize("name", ["lenet5", "resnet-small"])
def test_threads_and_optimizers_are_counted(name, threads, optimizer):
    close_enough(template(name).network, 64, threads, optimizer)


def branches() -> Network:
    """An output with four readers, maps that are joined, a pool that stands alone, groups and a bypassed layer."""
    build = Builder()
    build.add("Input", "Input", shape=[3, 40, 40])
    start = build.add("Conv2D", "Stem", filters=32, padding=1)
    ends = []
    for number, settings in enumerate(({"kernel": 1}, {"padding": 1, "groups": 4}, {"kernel": 5, "padding": 2})):
        build.add("Conv2D", f"B{number}", start, filters=16, **settings)
        ends.append(build.add("ReLU", f"R{number}"))
    ends.append(build.add("MaxPool2D", "Pool", start, kernel=3, stride=1, padding=1))
    build.add("Concatenate", "Join", *ends)
    build.add("Tanh", "T", bypassed=True)
    build.add("BatchNorm", "Norm")
    build.add("MaxPool2D", "Half")
    build.add("Flatten", "Flat")
    build.add("Dropout", "Drop")
    build.add("Dense", "Out", units=10)
    build.add("Softmax", "Softmax")
    return build.network


@pytest.mark.parametrize("batch", [1, 64])
def test_branches_are_estimated_well(batch):
    close_enough(branches(), batch)


@pytest.mark.parametrize("batch", [1, 24, 64])
@pytest.mark.parametrize("settings", [
    {"kernel": 6, "stride": 3, "groups": 7}, {"kernel": 5, "dilation": 4, "stride": 2},
    {"kernel": 3, "dilation": 2, "padding": 2}, {"kernel": 6, "padding": 2, "filters": 3}], ids=str)
def test_groups_and_dilated_or_few_filters_are_estimated_well(settings, batch):
    build = Builder()
    build.add("Input", "Input", shape=[3, 25, 25])
    build.add("Conv2D", "Stem", filters=35, kernel=1)
    build.add("Conv2D", "Apart", **{"filters": 70, **settings})
    build.add("ReLU", "R")
    build.add("GlobalAveragePool2D", "Mean")
    build.add("Dense", "Out", units=10)
    build.add("Softmax", "Softmax")
    close_enough(build.network, batch)


def test_frozen_layers_keep_no_gradients():
    network = branches()
    whole = cost(infer(network)).memory_bytes(64)
    for name in ("Stem", "B0", "B1", "B2"):
        network = network.change(network.names[name], frozen=True)
    close_enough(network, 64)
    assert cost(infer(network)).memory_bytes(64) < 0.8 * whole


def test_a_broken_network_counts_what_is_known():
    network = template("lenet5").network
    assert cost(infer(network.change(network.names["C3"], kernel=15))).memory_bytes(64) > 0
    assert cost(infer(network.disconnect(Edge("n1", "n2")))).memory_bytes(64) >= 0
    assert cost(infer(Network())).memory_bytes(64) == 0
