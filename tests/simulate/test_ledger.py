"""The ledger outlives its writer."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tracker.errors import TrackerError
from tracker.simulate import ledger
from tracker.simulate.ledger import Entry, Ledger, Outcome, digest


def filled(path: Path) -> bytes:
    """A ledger of four scans, one of each outcome and one whose place the broker did not say."""
    with Ledger(path) as book:
        assert book.attempt([b"a", b"b"]) == range(2)
        book.report(1, "broker is gone", -1, -1)
        book.report(0, None, 3, 0)
        assert book.attempt([b"c", b"d"]) == range(2, 4)
        book.report(3, None, 1, -1)
    return path.read_bytes()


def test_it_gives_what_came_of_each_scan(tmp_path: Path) -> None:
    filled(tmp_path / "l")
    assert ledger.read(tmp_path / "l") == [
        Entry(0, digest(b"a"), Outcome.ACKNOWLEDGED, 3, 0),
        Entry(1, digest(b"b"), Outcome.FAILED),
        Entry(2, digest(b"c")),
        Entry(3, digest(b"d"), Outcome.ACKNOWLEDGED, 1, -1),
    ]


def test_cut_off_anywhere_it_reads_as_far_as_it_goes_and_can_be_continued(tmp_path: Path) -> None:
    whole = filled(tmp_path / "whole")
    entries = ledger.read(tmp_path / "whole")
    cut = tmp_path / "cut"
    for length in range(24, len(whole)):
        cut.write_bytes(whole[:length])
        read = ledger.read(cut)
        assert [entry.digest for entry in read] == [entry.digest for entry in entries[: len(read)]]
        assert all(a == b or a.outcome is Outcome.UNKNOWN for a, b in zip(read, entries, strict=False))
        with Ledger(cut) as book:
            assert book.attempt([b"z"]) == range(len(read), len(read) + 1)
        assert ledger.read(cut) == [*read, Entry(len(read), digest(b"z"))]


def test_a_writer_that_died_while_it_made_the_file_leaves_one_that_can_be_used(tmp_path: Path) -> None:
    for length in range(24):
        path = tmp_path / str(length)
        path.write_bytes(filled(tmp_path / "whole")[:length])
        assert len(filled(path)) > 24
        (tmp_path / "whole").unlink()


def test_an_attempt_is_in_the_file_before_anything_else_happens(tmp_path: Path) -> None:
    book = Ledger(tmp_path / "l")
    book.attempt([b"a"])
    assert ledger.read(tmp_path / "l") == [Entry(0, digest(b"a"))]
    book.close()


def test_another_file_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir or Madam, this is no ledger at all.")
    for use in (Ledger, ledger.read):
        with pytest.raises(TrackerError, match=r"letter\.txt") as caught:
            use(path)
        assert caught.value.code == "bad_ledger"
    assert path.read_text().startswith("Dear")


def test_a_record_that_no_ledger_can_hold_is_refused(tmp_path: Path) -> None:
    whole = filled(tmp_path / "l")
    (tmp_path / "l").write_bytes(whole[:24] + whole[48:])
    with pytest.raises(TrackerError, match="expected a record") as caught:
        ledger.read(tmp_path / "l")
    assert caught.value.code == "bad_ledger"


def test_what_was_attempted_outlives_sigkill_of_its_writer(tmp_path: Path) -> None:
    path = tmp_path / "l"
    script = (
        "import os, signal, sys; from pathlib import Path; from tracker.simulate.ledger import Ledger\n"
        "book = Ledger(Path(sys.argv[1])); book.attempt([b'a', b'b']); book.report(0, None, 2, 7)\n"
        "book.attempt([b'c']); book.report(1, None, 2, 8); os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert ledger.read(path) == [
        Entry(0, digest(b"a"), Outcome.ACKNOWLEDGED, 2, 7),
        Entry(1, digest(b"b")),
        Entry(2, digest(b"c")),
    ]
