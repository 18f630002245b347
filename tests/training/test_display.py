"""What a training says while it runs."""

import io
import sys

import pytest

from training import display
from training.display import Tick, training_display
from training.networks import Stage


@pytest.fixture
def tick():
    return Tick(Stage("fade in 8x8", 8, 0.25, 16), 1000, 37_000, 10.0, 1.2345, -0.5)


def test_a_line_holds_all_there_is_to_know(tick):
    assert tick.place == "fade in 8x8 alpha 0.25: 1000/37000 images"
    assert tick.pace == "10 images/s, D 1.23, G -0.5, 1:00:00 left at this speed"


def test_a_log_gets_a_line_now_and_then_and_the_last_one(tick, capsys, monkeypatch):
    clock = iter([100.0, 101.0, 104.0, 106.0, 107.0])
    monkeypatch.setattr(display.time, "monotonic", lambda: next(clock))
    ends = Tick(Stage("hold 8x8", 8, 1.0, 16), 37_000, 37_000, 10.0, 1.0, 1.0)
    with training_display() as show:
        for each in (tick, tick, tick, tick, ends):
            show(each)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["fade in 8x8 alpha 0.25"] * 2 + ["hold 8x8"]


def test_a_terminal_gets_a_live_line(tick, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "stderr", Terminal())
    with training_display() as show:
        show(tick)
    for line in (tick.place, tick.pace):
        assert line in sys.stderr.getvalue()
