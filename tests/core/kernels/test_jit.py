"""The decorator and the cache: private, refreshed when damaged, replaced when it cannot be written."""

import os
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from core.kernels import jit

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = textwrap.dedent("""
    import logging, sys
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    import numpy as np
    from core.kernels import jit, maps
    numbers = np.ones(8, np.float32)
    maps.clear(numbers, 2, 5)
    statistics = maps.clear.stats if jit.COMPILED else None
    loaded = sum(statistics.cache_hits.values()) if statistics else -1
    print(numbers.tolist() == [1, 1, 0, 0, 0, 1, 1, 1], loaded, jit.CACHE_FOLDER)
""")


def _start(folder, **environment):
    """(right, taken from the cache, folder) as a fresh process says."""
    names = {**os.environ, "NUMBA_DISABLE_JIT": "0", "NUMBA_CACHE_DIR": str(folder), "PYTHONPATH": str(ROOT),
             **environment}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=names, capture_output=True, text=True, timeout=120,
                          check=False)
    assert done.returncode == 0, done.stderr
    right, loaded, place = done.stdout.split(maxsplit=2)
    assert right == "True", done.stdout
    return int(loaded), Path(place.strip()), done.stderr


def test_a_check_for_nan_is_compiled_honestly():
    @jit.kernel
    def is_nan(x):
        return x != x

    assert is_nan(np.float32(np.nan))
    assert not is_nan(np.float32(np.inf))


@pytest.mark.skipif(not jit.COMPILED, reason="without compilation it is Python's")
def test_division_by_zero_is_numpys():
    @jit.kernel
    def divide(x, y):
        return x / y

    assert divide(1.0, 0.0) == np.inf


def test_the_cache_is_kept_and_private(tmp_path):
    loaded, folder, _ = _start(tmp_path / "cache")
    assert loaded == 0
    assert folder.parent == tmp_path / "cache"
    if os.name == "posix":
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert _start(tmp_path / "cache")[:2] == (1, folder)
    # A child that inherits the folder of its parent stays in it.
    assert _start(folder)[:2] == (1, folder)


@pytest.mark.parametrize("ending", ["*.nbi", "*.nbc"])
@pytest.mark.parametrize("content", [b"", b"garbage", b"\x80\x05\x95"], ids=["empty", "garbage", "truncated"])
def test_damaged_entries_are_compiled_again(tmp_path, ending, content):
    _, folder, _ = _start(tmp_path)
    entries = list(folder.rglob(ending))
    assert entries
    for entry in entries:
        entry.write_bytes(content)
    loaded, _, told = _start(tmp_path)
    assert loaded == 0
    assert "compiling again" in told
    assert _start(tmp_path)[0] == 1


@pytest.mark.skipif(os.name != "posix", reason="rights of folders are those of POSIX")
def test_a_folder_that_others_can_write_is_not_trusted(tmp_path):
    _, folder, _ = _start(tmp_path)
    folder.chmod(0o777)
    assert _start(tmp_path)[1] != folder


def test_where_nothing_can_be_kept_it_still_works(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    loaded, folder, _ = _start(blocked)
    assert loaded == 0
    assert blocked not in folder.parents


def test_other_lanes_and_processors_have_folders_of_their_own(tmp_path):
    here = _start(tmp_path)[1]
    assert _start(tmp_path, GUIBUILDER_LANES="4" if jit.LANES != 4 else "8")[1] != here


def test_without_compilation_kernels_are_plain_functions(tmp_path):
    assert _start(tmp_path, NUMBA_DISABLE_JIT="1")[0] == -1
