"""What every test stands on: no display needed, folders of its own, nothing left running, warnings are errors."""

import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Before anything imports Qt or Numba: both read these once.
if not os.environ.get("GUIBUILDER_TEST_DISPLAY"):
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ.setdefault("NUMBA_CACHE_DIR", str(ROOT / ".pytest_cache" / "numba"))
_HOME = tempfile.TemporaryDirectory(prefix="guibuilder-tests-", ignore_cleanup_errors=True)
for _name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "WIN_PD_OVERRIDE_LOCAL_APPDATA"):
    os.environ[_name] = str(Path(_HOME.name) / _name.lower())

import multiprocessing  # noqa: E402
import threading  # noqa: E402
import time  # noqa: E402
from collections.abc import Iterator  # noqa: E402

import hypothesis  # noqa: E402
import pytest  # noqa: E402

# A check of a change is to depend on the change alone, so there the drawn examples are always the same; at a desk new.
hypothesis.settings.register_profile("guibuilder", deadline=None, print_blob=True, database=None,
                                     derandomize=bool(os.environ.get("CI")))
hypothesis.settings.load_profile("guibuilder")

# Timed work runs only when asked for by name: pytest tests/benchmarks.
collect_ignore = [] if any("benchmarks" in argument for argument in sys.argv) else ["benchmarks"]


# Files that take half a minute and more: where two processes share the tests, none of them is to come last and alone.
LONG = ("core/engine/test_environments.py", "guibuilder/command_line/test_benchmark.py",
        "core/engine/test_agreement.py",
        "core/kernels/test_jit.py", "core/export/test_keras_model.py", "guibuilder/test_actions.py",
        "core/formats/test_onnx.py", "core/export/pytorch/test_train.py", "core/benchmark/test_sides.py",
        "guibuilder/test_real_start.py", "core/formats/test_onnx_torch.py", "core/worker/test_ending.py")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the tests, long files go first."""
    if hasattr(config, "workerinput"):
        places = {ROOT / "tests" / name: place for place, name in enumerate(LONG)}
        items.sort(key=lambda item: places.get(item.path, len(LONG)))


def pytest_unconfigure() -> None:
    """Remove the session's folders."""
    _HOME.cleanup()


@pytest.fixture(scope="session", autouse=True)
def settings_of_their_own() -> None:
    """Keep the window's settings out of the registry and the user's files."""
    from PySide6.QtCore import QSettings

    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(Path(_HOME.name) / "settings"))


def _visible_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if not thread.daemon}


def _children() -> set[multiprocessing.process.BaseProcess]:
    return set(multiprocessing.active_children())


@pytest.fixture(scope="module", autouse=True)
def nothing_left_running() -> Iterator[None]:
    """Fail the module that leaves a child process or a thread that would keep the program alive."""
    threads, children = _visible_threads(), _children()
    yield
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and (_children() - children or _visible_threads() - threads):
        time.sleep(0.02)
    left = _children() - children
    for child in left:
        child.kill()
        child.join()
    assert not left, "a child process is still running"
    assert not _visible_threads() - threads, "a thread is still running"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with MNIST and CIFAR-10, named by GUIBUILDER_DATA; skips where there is none."""
    folder = Path(os.environ.get("GUIBUILDER_DATA", ""))
    if not os.environ.get("GUIBUILDER_DATA") or not folder.is_dir():
        pytest.skip("GUIBUILDER_DATA names no folder with real data")
    return folder
