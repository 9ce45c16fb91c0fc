"""A minute of the real window on a real display: nothing is said, nothing ends, no reference is lost.

GUIBUILDER_SOAK_SECONDS makes it longer.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.x11 import running_display

ROOT = Path(__file__).resolve().parents[2]
LARGEST_LOSS = 1000


def test_the_window_works_for_a_minute():
    seconds = float(os.environ.get("GUIBUILDER_SOAK_SECONDS", "60"))
    with running_display() as display:
        environment = {**os.environ, "DISPLAY": display}
        environment.pop("QT_QPA_PLATFORM", None)
        done = subprocess.run(
            [sys.executable, "-X", "faulthandler", "-m", "tests.benchmarks.soak", str(seconds)], cwd=ROOT,
            env=environment, capture_output=True, text=True, check=False, timeout=seconds + 60,
        )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    print(f"\n{figures}")
    assert done.stderr == ""
    assert figures["trainings"] >= 1
    assert figures["ticks"] >= seconds
    assert figures["drift"] > -LARGEST_LOSS
