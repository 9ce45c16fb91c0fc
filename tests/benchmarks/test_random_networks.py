"""No cliffs: sixty random networks train at least about as fast as in PyTorch, most of them faster.

It takes some minutes and a machine that does nothing else: pytest tests/benchmarks/test_random_networks.py -s
"""

import sys
from contextlib import closing

import pytest

from tests.benchmarks.random_race import COUNT, Runner, geometric_mean, table

MEAN, WORST, LOSSES_APART = 1.2, 0.7, 1e-4


@pytest.mark.skipif(sys.platform != "linux", reason="how busy the machine is, is read from Linux's /proc")
def test_no_cliffs_against_pytorch():
    pytest.importorskip("torch")
    with closing(Runner(seed=0)) as runner:
        results = [runner.run(number, rounds=7) for number in range(COUNT)]
    print(table(results))
    assert max(each.apart for each in results) <= LOSSES_APART
    assert geometric_mean(each.ratio for each in results) >= MEAN
    assert min(each.ratio for each in results) >= WORST
