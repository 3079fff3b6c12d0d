"""Progress on terminals and elsewhere."""

import io

import pytest

from tracker.observe.progress import ProgressShown


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_elsewhere_it_prints_plain_lines_and_a_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 1.0, 6.0, 8.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    stream = io.StringIO()
    with ProgressShown("scans sent", 4_000, stream) as shown:
        shown.advance(1_000)
        shown.advance(2_000)
    assert stream.getvalue().splitlines() == [
        "3,000 of 4,000 (75%) scans sent, 500/s",
        "3,000 of 4,000 (75%) scans sent, 375/s",
    ]


def test_on_a_terminal_it_draws_a_bar() -> None:
    stream = Terminal()
    with ProgressShown("scans sent", 10, stream) as shown:
        shown.advance(10)
    assert "10/10" in stream.getvalue()
    assert "\x1b" in stream.getvalue()
