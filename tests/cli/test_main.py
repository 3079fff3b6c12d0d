"""The command line: one line for an error, its exit codes, and the commands that need no server."""

import json
import os
import signal
import subprocess
import sys
import time

import click
import pytest

from tests.servers import Kafka, Redis
from tracker import config
from tracker.cli import main as command_line
from tracker.errors import TrackerError

COMMAND = (sys.executable, "-m", "tracker.cli")


def tracker(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs `tracker` in a process of its own, with these TRACKER_* variables only."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRACKER_")}
    return subprocess.run(
        [*COMMAND, *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=environment | variables,
        cwd="/",  # Not where somebody's `tracker up` runs.
    )  # fmt: skip


def test_the_version_is_that_of_the_distribution() -> None:
    done = tracker("--version")
    assert done.stdout.startswith("tracker 0.")
    assert done.returncode == 0


def test_help_lists_every_command_with_a_line() -> None:
    done = tracker("--help")
    for name, command in command_line.cli.commands.items():
        assert f"  {name} " in done.stdout
        assert command.help
    assert done.returncode == 0


def test_help_loads_neither_a_client_of_kafka_nor_of_redis() -> None:
    program = (
        "import sys; from tracker.cli import main as command_line; "
        "print(sorted({'confluent_kafka', 'redis', 'faust', 'aiokafka', 'rich', 'orjson'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_config_lists_values_and_their_sources() -> None:
    done = tracker("config", "--json", "--partitions", "8", TRACKER_REDIS="redis://:secret@h:1/0")
    rows = json.loads(done.stdout)
    listed = {row["name"]: (row["value"], row["source"]) for row in rows}
    assert listed["TRACKER_PARTITIONS"] == ("8", "flag")
    assert listed["TRACKER_REDIS"] == ("redis://:***@h:1/0", "environment")
    assert listed["TRACKER_TOPIC"] == ("scans", "default")


def test_config_for_people_has_a_line_a_setting() -> None:
    done = tracker("config")
    assert len(done.stdout.splitlines()) == len(config.TABLE)
    assert done.stderr == ""


def test_a_wrong_setting_is_one_line_and_exit_code_2() -> None:
    done = tracker("config", TRACKER_PARTITIONS="x")
    assert done.stderr == (
        "tracker: error[bad_setting]: TRACKER_PARTITIONS: expected a whole number from 1 to 1024, got 'x' "
        "(from the environment)\n"
    )
    assert (done.stdout, done.returncode) == ("", 2)


def test_a_value_with_line_breaks_does_not_break_the_line() -> None:
    done = tracker("config", TRACKER_TOPIC="a\nb")
    assert len(done.stderr.splitlines()) == 1


def test_an_unknown_variable_is_warned_of() -> None:
    done = tracker("config", TRACKER_PARTITION="4")
    assert done.stderr == "tracker: warning: TRACKER_PARTITION is not a setting; did you mean TRACKER_PARTITIONS?\n"
    assert done.returncode == 0


def test_an_unknown_command_is_a_usage_error() -> None:
    done = tracker("frobnicate")
    assert "No such command" in done.stderr
    assert done.returncode == 2


def test_a_broken_pipe_is_silent() -> None:
    process = subprocess.Popen([*COMMAND, "config"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr:
        assert process.stderr.read() == b""
    assert process.wait() == 1


def test_ctrl_c_is_exit_code_130_and_no_traceback() -> None:
    # A port on which nobody answers, so that the command waits. A shell's background job would ignore Ctrl-C, and so
    # would its children; this one does not.
    heeding = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from tracker.cli import main as command_line; print('begins', flush=True); command_line.main()"
    )
    command = [sys.executable, "-c", heeding, "init", "--kafka", "127.0.0.1:1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begins\n"
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert "Traceback" not in errors
    assert process.returncode == 130


@pytest.mark.parametrize(
    ("raised", "code"),
    [(TrackerError("no_redis", "gone"), 2), (BrokenPipeError(), 1), (click.Abort(), 130), (click.UsageError("no"), 2)],
)
def test_main_ends_with_the_exit_code_of_what_was_raised(
    raised: BaseException, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise raised

    # Undone before pytest, which captures by dup2 itself, goes on.
    with monkeypatch.context() as patched:
        patched.setattr(command_line.cli, "main", fail)
        patched.setattr(os, "dup2", lambda *_: None)
        with pytest.raises(SystemExit) as ended:
            command_line.main()
    assert ended.value.code == code


def test_init_makes_the_topics_and_checks_redis(kafka: Kafka, redis_server: Redis) -> None:
    flags = (
        "--kafka",
        kafka.address,
        "--redis",
        redis_server.url,
        "--topic",
        "by-init",
        "--rejected-topic",
        "by-init.no",
        "--keys-topic",
        "by-init.keys",
    )
    done = tracker("init", *flags, "--partitions", "5")
    assert done.stdout.splitlines() == [
        "kafka: topic by-init with 5 partitions created",
        "kafka: topic by-init.no with 4 partitions created",
        "kafka: topic by-init.keys with 1 partition created",
        f"redis: version {Redis.version()} is fit: it evicts nothing and keeps what it has",
    ]
    assert (done.stderr, done.returncode) == ("", 0)
    again = tracker("init", *flags, "--partitions", "6")
    assert again.stderr.startswith("tracker: error[bad_topic]: topic by-init has 5 partitions")
    assert again.returncode == 2
    refused = tracker("init", *flags, "--partitions", "5", "--redis-user", "nobody", TRACKER_REDIS_PASSWORD="x")  # noqa: S106
    assert refused.stderr == (
        f"tracker: error[no_redis]: Redis at {redis_server.url} (TRACKER_REDIS): there is no user 'nobody', or its "
        "password is another one: set TRACKER_REDIS_USER and TRACKER_REDIS_PASSWORD as the server has them\n"
    )
    assert refused.returncode == 2
