"""The program starts in its own process, shows the window, trains for real, and leaves nothing behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

SCRIPT = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
import guibuilder.app as app

shown = app.show

def show(window, file):
    print("asked before", window.commands.worker.warming > 0)
    shown(window, file)
    steps = STEPS
    def look():
        steps(window)
    QTimer.singleShot(300, look)

app.show = show
if __name__ == "__main__":
    code = app.run(FILE)
    assert "numba" not in sys.modules, "the window imported numba"
    assert not [name for name in sys.modules if name.startswith(("core.engine", "core.kernels", "core.inspect"))]
    print("left", code)
"""


def run(tmp_path, steps, file=None, timeout=90):
    script = tmp_path / "start.py"
    body = SCRIPT.replace("FILE", repr(file)).replace("STEPS", "steps_")
    script.write_text(f"{steps}\n{body}", encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}
    environment |= {name: str(tmp_path / name) for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME")}
    result = subprocess.run([sys.executable, str(script)], env=environment, cwd=tmp_path, capture_output=True,
                            text=True, timeout=timeout, check=False)
    return result.stdout + result.stderr


def test_it_shows_the_start_screen_and_leaves(tmp_path):
    said = run(tmp_path, """
def steps_(window):
    print("starting", window.commands.starting, window.isVisible())
    window.close()
""")
    assert "asked before True" in said, "the worker gets ready while the window is built"
    assert "starting True True" in said
    assert "left 0" in said
    assert "Traceback" not in said


def test_it_opens_a_file_and_says_when_it_cannot(tmp_path):
    said = run(tmp_path, """
def steps_(window):
    print("said", window.commands.bar.text)
    window.close()
""", file=str(tmp_path / "gone.gbnet"))
    assert "There is no file" in said
    assert "left 0" in said


def test_a_bug_in_a_slot_ends_up_in_the_bar_and_the_log(tmp_path):
    said = run(tmp_path, """
from PySide6.QtCore import QTimer

def steps_(window):
    def fail():
        raise ValueError("deliberate")
    def look():
        print("said", window.commands.bar.text)
        window.close()
    QTimer.singleShot(0, fail)
    QTimer.singleShot(200, look)
""")
    assert "said Something went wrong inside the program (ValueError). Your work is kept." in said
    logs = list(tmp_path.rglob("guibuilder.log"))
    assert logs
    assert "deliberate" in logs[0].read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="offscreen windows differ there")
def test_the_window_trains_in_the_real_worker(tmp_path):
    said = run(tmp_path, """
from PySide6.QtCore import QTimer

def steps_(window):
    parts = window.commands
    window.new_from("lenet5")
    parts.actions.do("train")
    def look():
        if parts.run.active:
            QTimer.singleShot(200, look)
            return
        print("state", parts.run.state, "accuracy", parts.run.result.test_accuracy > 0.9 if parts.run.result else None)
        parts.document.set_clean()
        window.close()
    QTimer.singleShot(500, look)
""", timeout=300)
    assert "state finished accuracy True" in said
    assert "left 0" in said
