"""Kernels are compiled before the first batch, and only those that a network needs."""

import subprocess
import sys
from pathlib import Path

import pytest

from core.kernels.jit import COMPILED
from core.kernels.processor import LANES

ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.skipif(not COMPILED, reason="compilation is switched off")


def _kernels(network):
    """("ahead", "warm", "late"): "module kernel" of what is compiled before the warm-up works, by it, and later."""
    done = subprocess.run([sys.executable, "-m", "tests.core.engine.warmth", network], cwd=ROOT, capture_output=True,
                          text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    return tuple({f"{module} {kernel}" for kind, module, kernel, _ in lines if kind == wanted}
                 for wanted in ("ahead", "warm", "late"))


@pytest.mark.parametrize("network", ["lenet", "every", "residual"])
def test_the_first_batch_waits_for_nothing(network):
    ahead, warm, late = _kernels(network)
    assert {"multiply multiply_rows", "losses softmax_cross_entropy", "together conduct"} <= ahead
    assert not warm, "all calls are known before any is made"
    assert not late


def test_nothing_is_compiled_that_a_network_does_not_need():
    warm, _, _ = _kernels("lenet")
    unused = {"noise", "neighbours", "per_channel", "normalisation", "winograd", "lanewise", "spreading",
              "pooling"}
    assert not {kernel.split()[0] for kernel in warm} & unused
    # Where lanes are few, C1 runs on a kernel that wants the pictures copied.
    copied = {"elementwise copy_rows"} if LANES < 16 else set()
    assert {kernel for kernel in warm if kernel.startswith("elementwise")} == {"elementwise gate_rows", *copied}
