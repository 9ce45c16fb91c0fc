"""Other processors, and no compilation at all, in processes of their own.

Each runs networks of every layer and every fast path against the definitions, with 1, 2, 3 and 8 threads. Kernels are
kept in the cache of the test run, so only the first run compiles them.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
# Winograd's transforms lose about a digit, and near a tie another corner may then win the pool.
LIMITS = {"lenet": 2e-5, "every_layer": 2e-5, "residual": 2e-5, "many_weights": 2e-5, "digits": 2e-5,
          "many_filters": 2e-5, "large_dense": 2e-5, "blocks": 2e-4}
PROCESSORS = {"haswell": "+avx,+avx2,+fma,+bmi,+bmi2,+f16c,+sse4.2,+popcnt", "nehalem": "+sse4.2,+popcnt"}


@pytest.mark.parametrize(("lanes", "environment"), [
    (8, {"NUMBA_CPU_NAME": "haswell"}), (4, {"NUMBA_CPU_NAME": "nehalem"}), (4, {"GUIBUILDER_LANES": "4"}),
    (None, {"NUMBA_DISABLE_JIT": "1"})], ids=["8 lanes", "no fused products", "4 lanes", "not compiled"])
def test_the_engine_agrees_there_as_well(lanes, environment):
    name = environment.get("NUMBA_CPU_NAME")
    if name:
        import llvmlite.binding as llvm

        wanted = PROCESSORS[name].replace("+", "").split(",")
        if not all(llvm.get_host_cpu_features().get(feature) for feature in wanted):
            pytest.skip(f"this machine cannot run code for {name}")
        environment = {**environment, "NUMBA_CPU_FEATURES": PROCESSORS[name]}
    done = subprocess.run([sys.executable, "-m", "tests.core.engine.agreement"], cwd=ROOT, capture_output=True,
                          text=True, env={**os.environ, **environment}, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["compiled"] == (lanes is not None)
    assert lanes is None or found["lanes"] == lanes
    assert found["networks"].keys() == LIMITS.keys()
    for network, said in found["networks"].items():
        assert said["differing"] == [], network
        assert said["apart"] < LIMITS[network], network
