"""Two thousand damaged files of every kind we read: a result or one sentence each, soon, in little memory."""

import json
import subprocess
import sys
from pathlib import Path

from tests.core.formats.mutated import MEMORY, kinds

EACH = 200
ROOT = Path(__file__).parents[3]


def test_two_thousand_damaged_files():
    run = subprocess.run([sys.executable, "-m", "tests.core.formats.mutated", "0", str(EACH)], cwd=ROOT,
                         capture_output=True, text=True, timeout=600, check=False)
    *troubles, last = [json.loads(line) for line in run.stdout.splitlines()] or [run.stderr]
    assert not troubles
    assert last["done"] == EACH * len(kinds()) >= 2000
    assert last["memory"] < MEMORY
