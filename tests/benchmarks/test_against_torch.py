"""The reference networks in turn with PyTorch: pytest tests/benchmarks/test_against_torch.py -s.

Figures are in `extra_info`. Where other programs disturb, figures are taken and nothing is asserted.
"""

import pytest

from core.benchmark.networks import REFERENCES
from core.benchmark.rounds import Effort
from core.benchmark.speed import Wanted, measure_network
from core.graph.initial import initial_weights
from core.graph.shapes import infer

THREADS = 2


@pytest.mark.parametrize("name", REFERENCES)
def test_the_engine_is_ahead_of_the_fastest_pytorch(benchmark, name):
    pytest.importorskip("torch")
    network = REFERENCES[name]()
    wanted = Wanted(THREADS, effort=Effort(7, 0.3), against=True)
    found = benchmark.pedantic(
        measure_network, (name, network, initial_weights(infer(network), 0), wanted, lambda *at: None), rounds=1)
    for way in ("training", "inference"):
        speed = getattr(found, way)
        benchmark.extra_info[way] = {"pictures/s": round(speed.pictures_per_second.median),
                                     "ratio": [round(each, 2) for each in (speed.ratio.median, speed.ratio.low,
                                                                           speed.ratio.high)],
                                     "of the peak": round(speed.share.median, 2), "quiet": speed.quiet}
        if speed.quiet:
            assert speed.ratio.median > 1
    benchmark.extra_info["bytes"] = [found.memory_bytes, found.torch_memory_bytes]
