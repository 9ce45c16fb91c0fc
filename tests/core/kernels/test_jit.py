"""The decorator and the cache: private, refreshed when damaged, replaced when it cannot be written."""

import compileall
import os
import shutil
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


def _start(folder, script=SCRIPT, **environment):
    """(right, taken from the cache, folder) as a fresh process says."""
    names = {**os.environ, "NUMBA_DISABLE_JIT": "0", "NUMBA_CACHE_DIR": str(folder), "PYTHONPATH": str(ROOT),
             **environment}
    done = subprocess.run([sys.executable, "-P", "-c", script], env=names, capture_output=True, text=True, timeout=120,
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


def _copy(folder, *, packed=False):
    """The kernels in a folder of their own; packed as programs are, without any source."""
    (folder / "core").mkdir(parents=True)
    without = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "core" / "kernels", folder / "core" / "kernels", ignore=without)
    for name in ("__init__.py", "version.py"):
        shutil.copy(ROOT / "core" / name, folder / "core" / name)
    if packed:
        compileall.compile_dir(folder / "core", quiet=1, legacy=True)
        for source in folder.rglob("*.py"):
            source.unlink()
    return folder


@pytest.mark.parametrize("changed", ["tile.py", "simd.py", "processor.py"])
def test_an_edited_generator_has_everything_compiled_anew(tmp_path, changed):
    sources = _copy(tmp_path / "program")
    _, before, _ = _start(tmp_path / "cache", PYTHONPATH=str(sources))
    assert _start(tmp_path / "cache", PYTHONPATH=str(sources))[:2] == (1, before)
    path = sources / "core" / "kernels" / changed
    path.write_text(path.read_text(encoding="utf-8") + "\n# another remark\n", encoding="utf-8")
    loaded, after, _ = _start(tmp_path / "cache", PYTHONPATH=str(sources))
    assert (loaded, after != before) == (0, True)


def test_a_packed_program_keeps_its_kernels_wherever_it_is_unpacked(tmp_path):
    first, second = (_copy(tmp_path / name, packed=True) for name in ("once", "again"))
    assert not list(first.rglob("*.py"))
    loaded, folder, _ = _start(tmp_path / "cache", PYTHONPATH=str(first))
    assert loaded == 0
    assert _start(tmp_path / "cache", PYTHONPATH=str(second))[:2] == (1, folder)


@pytest.mark.skipif(os.name != "posix", reason="rights of folders are those of POSIX")
def test_a_program_that_cannot_be_written_keeps_its_kernels_elsewhere(tmp_path):
    sources = _copy(tmp_path / "program")
    for folder in (sources / "core" / "kernels", sources / "core", sources):
        folder.chmod(0o555)
    _, folder, _ = _start(tmp_path / "cache", PYTHONPATH=str(sources))
    assert _start(tmp_path / "cache", PYTHONPATH=str(sources))[:2] == (1, folder)
    assert sources not in folder.parents
    assert not list(sources.rglob("*.nbc"))
    for folder in (sources, sources / "core", sources / "core" / "kernels"):
        folder.chmod(0o755)


FULL = textwrap.dedent("""
    import resource, signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
""")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such limits on Windows")
def test_a_full_disk_stops_nothing(tmp_path):
    loaded, folder, told = _start(tmp_path, script=f"{FULL}\n{SCRIPT}")
    assert loaded == 0
    assert "could not be kept" in told
    assert not [entry for entry in folder.rglob("*.nbc") if entry.stat().st_size]
    _start(tmp_path)
    assert _start(tmp_path)[0] == 1, "what was written half does no harm later"


NOWHERE = "import tempfile\ndef refuse(*a, **k): raise OSError(28, 'full')\ntempfile.mkdtemp = refuse\n"


def test_without_any_place_to_write_kernels_are_only_compiled(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    loaded, folder, _ = _start(blocked, script=f"{NOWHERE}\n{SCRIPT}")
    assert (loaded, str(folder)) == (0, "None")


def test_a_cache_that_goes_while_the_program_runs_stops_nothing(tmp_path):
    gone = SCRIPT.replace("numbers = np", "import shutil; shutil.rmtree(jit.CACHE_FOLDER); numbers = np")
    assert _start(tmp_path, script=gone)[0] == 0
    assert _start(tmp_path)[0] in (0, 1)


def test_a_passing_folder_is_gone_with_the_program(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    assert not _start(blocked)[1].exists()


def test_many_programs_at_once_share_one_cache(tmp_path):
    names = {**os.environ, "NUMBA_DISABLE_JIT": "0", "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    running = [subprocess.Popen([sys.executable, "-c", SCRIPT], env=names, stdout=subprocess.PIPE, text=True)
               for _ in range(4)]
    said = [each.communicate(timeout=200)[0] for each in running]
    assert [each.returncode for each in running] == [0] * 4
    assert all(text.startswith("True ") for text in said)
    assert _start(tmp_path)[0] == 1


def test_without_compilation_kernels_are_plain_functions(tmp_path):
    assert _start(tmp_path, NUMBA_DISABLE_JIT="1")[0] == -1
