"""Progress: nothing where nobody watches; how far, how fast and how long where somebody does."""

import io
import multiprocessing
import sys
import threading

from guibuilder.command_line.bars import Bar, duration, progress, speed


class Terminal(io.StringIO):
    """A stream that somebody watches."""

    def isatty(self):
        return True


def _watched(monkeypatch):
    """Standard error as a terminal of 100 columns. No fixture: pytest puts its own stream back after those."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("COLUMNS", "100")
    return stream


def test_bars_say_nothing_where_there_is_no_terminal(capsys):
    with progress("Working", 10) as report:
        report(5, 10)
        report(10, 20)
    bar = Bar("Working", 0, "things")
    bar.note("loss 1")
    bar.print("a line")
    bar.close()
    found = capsys.readouterr()
    assert (found.out, found.err) == ("a line\n", "")


def test_bars_show_rate_and_rest_on_a_terminal(monkeypatch, capsys):
    terminal = _watched(monkeypatch)
    bar = Bar("Working", 100, "pictures")
    bar._bar.mininterval = 0
    bar.note("loss 0.5")
    bar.at(50, 200, "Halfway")
    bar.print("a row")
    bar.close()
    assert capsys.readouterr().out == "a row\n"
    shown = terminal.getvalue().split("\r")
    assert any(line.startswith("Halfway  25 % ") and " pictures/s · 0:0" in line and line.endswith(" left · loss 0.5")
               for line in shown), shown


def test_a_bar_without_a_total_shows_no_share(monkeypatch):
    terminal = _watched(monkeypatch)
    with progress("Loading", unit="bytes") as report:
        report(0, 0)
    assert "\rLoading … 00:00" in terminal.getvalue()


def test_a_bar_starts_nothing_that_stays(monkeypatch):
    terminal = _watched(monkeypatch)
    before = {thread for thread in threading.enumerate() if not thread.daemon}
    with progress("Working", 10) as report:
        report(10, 10)
    assert terminal.getvalue()
    assert {thread for thread in threading.enumerate() if not thread.daemon} == before
    assert not multiprocessing.active_children()


def test_rates_and_times_in_words():
    assert [speed(41_589.7, "pictures"), speed(2.53, "arrays"), speed(12_345_678, "bytes")] == [
        "41,590 pictures/s", "2.5 arrays/s", "12.3 MB/s"]
    assert [duration(seconds) for seconds in (None, 0, 12.4, 75, 3723, 1e9)] == ["?", "0:00", "0:12", "1:15", "1:02:03",
                                                                                 "?"]
