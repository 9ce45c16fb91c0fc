"""The reference networks in turn with PyTorch: pytest tests/benchmarks/test_against_torch.py -s.

Figures are in `extra_info`. The least ratios hold on two cores with AVX-512 that nothing else uses; where other
programs disturb, or the processor is another one, figures are taken and nothing is asserted.
"""

import os

import pytest

from core.benchmark.networks import REFERENCES
from core.benchmark.rounds import Effort
from core.benchmark.speed import Wanted, measure_network
from core.graph.initial import initial_weights
from core.graph.shapes import infer
from core.kernels.processor import LANES

# Our pictures/second over those of the fastest PyTorch: training, inference.
LEAST = {"lenet": (2.3, 2.7), "classroom-cnn": (3.0, 2.7), "small-vgg": (2.2, 2.5), "resnet20": (1.3, 1.3)}
THREADS = 2


@pytest.mark.parametrize("name", REFERENCES)
def test_ratio(benchmark, name):
    pytest.importorskip("torch")
    network = REFERENCES[name]()
    wanted = Wanted(THREADS, effort=Effort(7, 0.3), against=True)
    found = benchmark.pedantic(
        measure_network, (name, network, initial_weights(infer(network), 0), wanted, lambda *at: None), rounds=1)
    for way, least in zip(("training", "inference"), LEAST[name], strict=True):
        speed = getattr(found, way)
        benchmark.extra_info[way] = {"pictures/s": round(speed.pictures_per_second.median),
                                     "ratio": [round(each, 2) for each in (speed.ratio.median, speed.ratio.low,
                                                                           speed.ratio.high)],
                                     "of the peak": round(speed.share.median, 2), "quiet": speed.quiet}
        if speed.quiet and LANES == 16 and os.cpu_count() == THREADS:
            assert speed.ratio.median >= least
    benchmark.extra_info["bytes"] = [found.memory_bytes, found.torch_memory_bytes]
