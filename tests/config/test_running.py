"""What a running `tracker up` leaves in its data folder, and who takes it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tracker import config
from tracker.config import Secret, Settings, running
from tracker.errors import TrackerError

UP = Settings(kafka="k:1", redis="redis://r:2/0", partitions=4, session_timeout_s=6)

HOLD = """
import sys, time
from pathlib import Path
from tracker.config import Settings, running
with running.left(Path(sys.argv[1]), Settings(kafka="k:1", redis="redis://r:2/0", partitions=4)):
    print("left", flush=True)
    time.sleep(60)
"""


class Warned(list[str]):
    """Takes warnings."""

    def __call__(self, line: str) -> None:
        self.append(line)


def beside(folder: Path, environment: dict[str, str], flags: dict[str, str | None] | None = None) -> config.Running:
    warned = Warned()
    found = config.beside({"TRACKER_DATA_DIR": str(folder), **environment}, flags or {}, warned)
    assert not warned
    assert found is not None
    return found


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Path]:
    """The data folder of a `tracker up` that runs in this process."""
    with running.left(tmp_path / "data", UP):
        yield tmp_path / "data"


def test_its_settings_go_before_the_defaults_and_behind_variables_and_flags(up: Path) -> None:
    names = ("kafka", "redis", "partitions", "topic", "group", "session_timeout_s")
    texts = beside(up, {}).of(names)
    environment = {"TRACKER_SESSION_TIMEOUT_S": "7", "TRACKER_DATA_DIR": ""}
    flags = {"partitions": "5"}
    settings = config.load(environment, flags, texts)
    assert (settings.kafka, settings.redis, settings.partitions) == ("k:1", "redis://r:2/0", 5)
    assert (settings.session_timeout_s, settings.group) == (7, "tracker")
    sources = {name: config.source(name, environment, flags, texts) for name in names}
    assert sources == {
        "kafka": "running tracker up",
        "redis": "running tracker up",
        "topic": "running tracker up",
        "partitions": "flag",
        "session_timeout_s": "environment",
        "group": "default",
    }


def test_nobody_else_may_read_the_file_and_it_is_gone_at_the_end(tmp_path: Path) -> None:
    with running.left(tmp_path, UP):
        assert [path.name for path in tmp_path.iterdir()] == ["running.json"]
        assert (tmp_path / "running.json").stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("environment", "flags"),
    [
        ({"TRACKER_KAFKA": "other:1"}, {}),
        ({"TRACKER_REDIS": "redis://other"}, {}),
        ({"TRACKER_TOPIC": "other"}, {}),
        ({"TRACKER_KAFKA": "k:1"}, {"topic": "other"}),
    ],
)
def test_who_names_another_kafka_redis_or_topic_gets_nothing_of_it(
    up: Path, environment: dict[str, str], flags: dict[str, str | None]
) -> None:
    assert config.beside({"TRACKER_DATA_DIR": str(up), **environment}, flags, Warned()) is None


def test_who_names_the_same_gets_the_rest_of_it(up: Path) -> None:
    assert beside(up, {"TRACKER_KAFKA": "k:1", "TRACKER_TOPIC": "scans"}).texts["partitions"] == "4"


def test_no_secret_is_left_and_who_needs_one_is_told_to_give_it(tmp_path: Path) -> None:
    settings = Settings(
        kafka="k:1", kafka_security="sasl_ssl", kafka_sasl="PLAIN", kafka_user="u", kafka_password=Secret("hidden"),
        redis="redis://:hidden@r:2/0",
    )  # fmt: skip
    with running.left(tmp_path, settings):
        assert "hidden" not in (tmp_path / "running.json").read_text()
        found = beside(tmp_path, {})
        assert found.masked == {"kafka_password", "redis"}
        assert "redis" not in found.of(["redis", "kafka_user"])
        config.lacking(["topic"], {}, {}, found)
        with pytest.raises(TrackerError, match="TRACKER_REDIS: expected it here too, or TRACKER_REDIS_FILE, got none"):
            config.lacking(["redis", "topic"], {}, {}, found)
        # The same Redis, with its password.
        given = {"TRACKER_REDIS": "redis://:hidden@r:2/0"}
        config.lacking(["redis", "topic"], given, {}, beside(tmp_path, given))


def test_a_path_is_left_so_that_it_is_found_from_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with running.left(tmp_path, Settings(vocabularies=Path("carriers"))):
        assert beside(tmp_path, {}).texts["vocabularies"] == str(tmp_path / "carriers")


def test_what_a_killed_process_has_left_is_told_of_once_and_removed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"left\n"
        found = beside(tmp_path, {})
        assert (found.pid, found.texts["partitions"]) == (process.pid, "4")
        process.kill()
        process.wait()
    warned = Warned()
    assert running.find(tmp_path, warned) is None
    assert warned == [
        f"the `tracker up` that has left {tmp_path / 'running.json'} is gone: it is not used, and removed"
    ]
    assert list(tmp_path.iterdir()) == []
    assert running.find(tmp_path, warned) is None
    assert len(warned) == 1


def test_one_that_ends_late_does_not_remove_the_file_of_the_next(tmp_path: Path) -> None:
    with running.left(tmp_path, UP):
        (tmp_path / "running.json").unlink()
        next_one = running.left(tmp_path, Settings(kafka="next:1"))
        next_one.__enter__()
    assert beside(tmp_path, {}).texts["kafka"] == "next:1"
    next_one.__exit__(None, None, None)
    assert running.find(tmp_path, Warned()) is None


@pytest.mark.parametrize("mode", [0o644, 0o620])
def test_a_file_that_others_may_read_or_write_is_not_used(up: Path, mode: int) -> None:
    (up / "running.json").chmod(mode)
    warned = Warned()
    assert running.find(up, warned) is None
    assert "expected a file that is yours alone" in warned[0]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"pid": 1, "settings": [], "masked": []}',
        '{"pid": 1, "settings": {"TRACKER_X": "1"}, "masked": []}',
        '{"pid": 1, "settings": {"TRACKER_KAFKA": "k:1"}, "masked": []}',
    ],
)
def test_a_file_that_holds_something_else_is_not_used(up: Path, content: str) -> None:
    (up / "running.json").write_text(content)
    warned = Warned()
    assert running.find(up, warned) is None
    assert f"{up / 'running.json'} is not used: expected what `tracker up` has left there" in warned[0]


def test_a_folder_without_one_is_no_reason_to_say_anything(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path, tmp_path / "none", tmp_path / "file"):
        warned = Warned()
        assert running.find(folder, warned) is None
        assert not warned


def test_what_is_left_is_never_seen_half_written(tmp_path: Path) -> None:
    """It is written beside its place and moved there: a reader meets all of it, or nothing."""
    reading = subprocess.Popen(
        [sys.executable, "-c", _READ_ALL, tmp_path / "running.json"], stdout=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline:
        with running.left(tmp_path, UP):
            pass
    (tmp_path / "end").touch()
    assert reading.communicate(timeout=30)[0] == "whole\n"
    assert reading.returncode == 0


_READ_ALL = """
import json, sys
from pathlib import Path
path = Path(sys.argv[1])
while not (path.parent / "end").exists():
    try:
        assert json.loads(path.read_text())["masked"] == []
    except FileNotFoundError:
        pass
print("whole")
"""


def test_it_says_which_process_it_is(up: Path) -> None:
    assert json.loads((up / "running.json").read_text())["pid"] == os.getpid()
