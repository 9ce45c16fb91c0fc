"""Whole processes, from start to test accuracy: `guibuilder train` against plain PyTorch on the same files.

Both train LeNet-5 on MNIST with the same settings and print the accuracy on the test part. GUIBUILDER_DATA is the
folder that holds `mnist`; `-s` shows the seconds of both.
"""

import os
import re
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("lenet5_torch.txt")
MNIST = Path(os.environ.get("GUIBUILDER_DATA", "")) / "mnist"
FASTER = 2.0
ALIKE = 1.5  # per cent of accuracy

pytestmark = [pytest.mark.skipif(not os.environ.get("GUIBUILDER_DATA") or not MNIST.is_dir(),
                                 reason="GUIBUILDER_DATA names no folder with MNIST in it"),
              pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")]


def _seconds(*arguments):
    """How long a process takes, and the test accuracy it prints last, in per cent."""
    began = time.perf_counter()
    done = subprocess.run([sys.executable, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True,
                          check=False, timeout=600)
    took = time.perf_counter() - began
    assert done.returncode == 0, done.stderr
    return took, float(re.findall(r"accuracy (\d+\.\d+)", done.stdout)[-1])


def _ours(epochs, out):
    return _seconds("-m", "guibuilder", "train", "lenet5", "--data", MNIST, "--epochs", epochs, "--out", out)


@pytest.mark.parametrize("epochs", [1, 5])
def test_a_whole_training_takes_half_as_long_as_in_pytorch(epochs, tmp_path):
    if epochs == 1:
        _ours(1, tmp_path / "compiled.gbnet")  # what is compiled is kept, and so counts once in a computer's life
    torch_takes, torch_is_right = _seconds(SCRIPT, MNIST, epochs, os.cpu_count())
    ours_takes, ours_is_right = _ours(epochs, tmp_path / "net.gbnet")
    print(f"\n{epochs} epochs: {ours_takes:.2f} s, PyTorch {torch_takes:.2f} s, {torch_takes / ours_takes:.2f} times")
    assert abs(ours_is_right - torch_is_right) < ALIKE
    assert torch_takes / ours_takes >= FASTER
