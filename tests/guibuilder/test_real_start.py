"""The commands as a person types them, in processes of their own: a window on a real display, the terminal without."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.x11 import Screen, running_display

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = [sys.executable, str(ROOT / "guibuilder")]
PATIENCE = 30
# The program, in which somebody changes LeNet-5 as soon as the window is there, and says so.
EDITING = """
import sys
sys.path.insert(0, sys.argv[1])
from PySide6.QtCore import QTimer
from guibuilder import app

def edit(window, file):
    window.new_from("lenet5")
    document = window.commands.document
    document.edit("x", network=document.network.change(document.network.names["C1"], filters=7))
    print("edited", flush=True)

shown = app.show
app.show = lambda window, file: (shown(window, file), QTimer.singleShot(0, lambda: edit(window, file)))
if __name__ == "__main__":
    sys.exit(app.run(None))
"""


# The program, which says when its worker has been started and the window is not there yet.
BUILDING = """
import sys
sys.path.insert(0, sys.argv[1])
from guibuilder import app, start

class Slow(app.MainWindow):
    def __init__(self, *parts):
        print("building", flush=True)
        sys.stdin.read()

app.MainWindow = Slow
if __name__ == "__main__":
    sys.exit(start.start(None))
"""


def _environment(**more):
    hidden = {"QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"}
    return {**{name: value for name, value in os.environ.items() if name not in hidden}, **more}


@pytest.fixture(scope="module")
def display():
    """A display that nobody sees."""
    with running_display() as name:
        yield name


def _wait_for_window(screen, process, name):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        found = screen.titles()
        if any(name in title for title in found.values()):
            return found
        time.sleep(0.05)
    process.kill()
    pytest.fail(f"no window of that name appeared: {process.communicate()[1]}")
    return None


@pytest.mark.parametrize("with_file", [False, True], ids=["start screen", "file"])
def test_the_window_opens_and_closes(display, tmp_path, with_file):
    file = tmp_path / "mine.gbnet"
    if with_file:
        command = [*PROGRAM, "export", "lenet5", "--to", "gbnet", "--out", str(file)]
        subprocess.run(command, check=True, capture_output=True, env=_environment())
    arguments = [str(file)] if with_file else []
    process = subprocess.Popen(
        [*PROGRAM, *arguments], env=_environment(DISPLAY=display), cwd=tmp_path, stderr=subprocess.PIPE, text=True,
    )
    screen = Screen(display)
    try:
        windows = _wait_for_window(screen, process, "mine" if with_file else "guibuilder")
        for window in windows:
            screen.ask_to_close(window)
        _, said = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
        assert said == ""
    finally:
        process.kill()
        process.communicate()
        screen.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals between processes")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_program_and_what_was_not_saved_is_offered_again(display, tmp_path, number, heard_signals):
    homes = {name: str(tmp_path / name) for name in ("HOME", "XDG_STATE_HOME")}
    command = [sys.executable, "-c", EDITING, str(ROOT)]
    process = subprocess.Popen(command, env=_environment(DISPLAY=display, **homes), cwd=tmp_path, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    try:
        assert process.stdout.readline() == "edited\n"
        os.killpg(process.pid, number)
        _, said = process.communicate(timeout=PATIENCE)
        assert process.returncode == 128 + number
        assert said == ""
    finally:
        process.kill()
        process.communicate()
    [about] = tmp_path.rglob("about.json")
    assert json.loads(about.read_text())["edits"] == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals between processes")
def test_ctrl_c_before_the_window_is_there_just_ends_it(display, tmp_path, heard_signals):
    process = subprocess.Popen([sys.executable, "-c", BUILDING, str(ROOT)], cwd=tmp_path, text=True,
                               env=_environment(DISPLAY=display), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, start_new_session=True)
    try:
        assert process.stdout.readline() == "building\n"
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE)
        assert process.returncode == -signal.SIGINT
        assert said == ""
    finally:
        process.kill()
        process.communicate()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a display")
@pytest.mark.parametrize("dead", [{}, {"DISPLAY": ":987"}], ids=["no display", "dead display"])
def test_a_file_without_a_display_gets_advice(tmp_path, dead):
    file = tmp_path / "mine.gbnet"
    file.touch()
    result = subprocess.run(
        [*PROGRAM, str(file)], env=_environment(**dead), cwd=tmp_path, capture_output=True, text=True, check=False,
    )
    assert result.returncode == 3
    assert "There is no display" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a display")
def test_without_a_display_lenet_learns_the_digits_in_the_terminal(tmp_path):
    result = subprocess.run(PROGRAM, env=_environment(), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    folder = tmp_path / "guibuilder-demo"
    assert {"lenet5.gbnet", "lenet5.onnx", "lenet5.svg"} <= {path.name for path in folder.iterdir()}
    found = re.search(r"accuracy\D+([\d.]+)\s*%", result.stdout)
    assert found, result.stdout
    command = [*PROGRAM, "evaluate", str(folder / "lenet5.gbnet"), "--data", "digits28", "--json"]
    answer = subprocess.run(command, env=_environment(), cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(answer.stdout)["accuracy"] >= 0.97
