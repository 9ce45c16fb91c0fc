"""Other processors, and no compilation at all, in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


PROCESSORS = {"haswell": "+avx,+avx2,+fma,+bmi,+bmi2,+f16c,+sse4.2,+popcnt", "nehalem": "+sse4.2,+popcnt"}


@pytest.mark.parametrize("environment", [
    {"NUMBA_CPU_NAME": "haswell"}, {"NUMBA_CPU_NAME": "nehalem"}, {"GUIBUILDER_LANES": "4"},
    {"NUMBA_DISABLE_JIT": "1"}], ids=["8 lanes", "no fused products", "4 lanes", "not compiled"])
def test_the_engine_agrees_there_as_well(environment):
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
    assert float(done.stdout) < 2e-5
