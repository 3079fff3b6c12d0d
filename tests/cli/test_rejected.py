"""`tracker rejected` as a person runs it: real scans, rejected by a real worker, and sent again."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from redis import Redis as Client

from tests.process.workers import PARTITIONS, Worker, headers_of, new_topic, read_topic, send, until_applied
from tests.servers import Kafka, Redis
from tracker.cli import main as command_line
from tracker.errors import REASONS, REMEDIES

Run = Callable[..., Result]

NEW_CODE = b'{"parcel": "A1", "event": "NEW:CODE", "time": 1700000000000, "seq": 1}'
NO_JSON = "no json \x1b[2J \u202e€".encode() + b"\xff"
VOCABULARY = {"prefix": "NEW", "codes": {"CODE": {"event": "ACCEPTED", "means": "Taken over"}}}


class Post:
    """A topic with what workers have rejected of it."""

    def __init__(self, kafka: Kafka, redis: Redis, folder: Path) -> None:
        self.kafka = kafka
        self.redis = redis
        self.vocabularies = folder
        self.topic = new_topic(kafka)
        self.current: Worker

    def worker(self) -> Worker:
        return Worker(self.kafka, self.redis.url, self.topic, settings=("--vocabularies", str(self.vocabularies)))

    def learns_the_code(self) -> None:
        """From now on a worker that starts has the code."""
        (self.vocabularies / "NEW.json").write_text(json.dumps(VOCABULARY))

    def tracker(self, *words: str, answer: str = "") -> Result:
        """Runs `tracker rejected` with these words."""
        name, *rest = words
        flags = ["--kafka", self.kafka.address, "--rejected-topic", f"{self.topic}.rejected"]
        if name == "replay":
            flags += ["--topic", self.topic, "--redis", self.redis.url, "--partitions", str(PARTITIONS)]
        return CliRunner().invoke(
            command_line.cli, ["rejected", name, *flags, *rest], input=answer, catch_exceptions=False
        )

    def listed(self, *words: str) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.tracker("list", "--json", *words).stdout)
        return found

    def positions(self, reason: str) -> list[str]:
        found = self.listed("--reason", reason)["rejected"]
        assert isinstance(found, list)
        return [one["at"] for one in found]


@contextmanager
def rejected(kafka: Kafka, redis: Redis, folder: Path) -> Iterator[Post]:
    """Two rejected scans, and the worker that would reject them again."""
    with Client.from_url(redis.url) as client:
        client.flushall()
        found = Post(kafka, redis, folder)
        send(kafka, found.topic, [(b"A1", NEW_CODE), (None, NO_JSON)])
        with found.worker() as worker:
            until_applied(kafka, client, found.topic, worker)
            found.current = worker
            yield found


@pytest.fixture(scope="module")
def shown(kafka: Kafka, redis_server: Redis, tmp_path_factory: pytest.TempPathFactory) -> Post:
    """For tests that only look: its worker has ended."""
    with rejected(kafka, redis_server, tmp_path_factory.mktemp("vocabularies")) as found:
        return found


@pytest.fixture
def post(kafka: Kafka, redis_server: Redis, tmp_path: Path) -> Iterator[Post]:
    with rejected(kafka, redis_server, tmp_path) as found:
        yield found


def test_the_list_says_what_was_rejected_and_how_many_for_each_reason(shown: Post) -> None:
    done = shown.tracker("list")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert re.fullmatch(r"at +rejected \(UTC\) +reason +scan +value", lines[0])
    assert sum("unknown_vocabulary" in line and '{"parcel": "A1"' in line for line in lines) == 1
    assert f"2 rejected scans in {shown.topic}.rejected" in lines
    assert f"  1  not_json: {REASONS['not_json']}" in lines
    narrowed = shown.tracker("list", "--reason", "not_json", "--since", "1h").stdout
    assert f"1 rejected scan in {shown.topic}.rejected" in narrowed
    assert "unknown_vocabulary" not in narrowed


def test_the_newest_are_listed_and_the_rest_is_counted(shown: Post) -> None:
    assert "2 rejected scans" in (done := shown.tracker("list", "--limit", "1").stdout)
    assert ", the newest 1 are listed" in done


def test_a_program_gets_the_list_as_one_object(shown: Post) -> None:
    listed = shown.listed()
    assert listed["reasons"] == {"not_json": 1, "unknown_vocabulary": 1}
    assert (listed["sent_again"], listed["others"]) == (0, 0)
    (one,) = [one for one in listed["rejected"] if one["key"] == "A1"]  # type: ignore[attr-defined]
    assert one["reason"] == "unknown_vocabulary"
    assert one["source"].startswith(f"{shown.topic}/")
    assert one["sent_again"] == []


def test_nothing_that_was_rejected_is_a_line(kafka: Kafka) -> None:
    done = CliRunner().invoke(
        command_line.cli, ["rejected", "list", "--kafka", kafka.address, "--rejected-topic", "none-yet"]
    )
    assert (done.exit_code, done.stdout) == (0, "0 rejected scans in none-yet\n")


def test_one_is_shown_with_its_bytes_made_visible_and_with_what_mends_it(shown: Post) -> None:
    (position,) = shown.positions("not_json")
    done = shown.tracker("show", position)
    assert done.exit_code == 0
    assert f"not_json: {REASONS['not_json']}" in done.stdout
    assert f"to mend: {REMEDIES['not_json']}" in done.stdout
    assert f"{len(NO_JSON)} bytes" in done.stdout
    assert "no json \\x1b[2J \\u202e€\\xff" in done.stdout
    assert shown.tracker("show", position, "--raw").stdout_bytes == NO_JSON
    found = json.loads(shown.tracker("show", position, "--json").stdout)
    assert (found["value"], base64.b64decode(found["value_base64"])) == (None, NO_JSON)
    assert found["remedy"] == REMEDIES["not_json"]
    # The same by where the scan stands.
    assert json.loads(shown.tracker("show", found["source"], "--json").stdout) == found


def test_one_that_is_not_there_ends_with_its_reason(shown: Post) -> None:
    done = CliRunner().invoke(
        command_line.cli,
        ["rejected", "show", "--kafka", shown.kafka.address, "--rejected-topic", f"{shown.topic}.rejected", "0/99"],
    )
    assert getattr(done.exception, "code", "") == "unknown_rejected"


def test_nothing_is_sent_unless_it_is_agreed_to(shown: Post) -> None:
    done = shown.tracker("replay", "--all", answer="n\n")
    assert done.exit_code == 0
    assert "Send 2 rejected scans again to the topic" in done.stdout
    assert "nothing was sent" in done.stdout
    assert shown.listed()["sent_again"] == 0


def test_what_was_mended_is_applied_and_is_not_sent_again_by_mistake(post: Post) -> None:
    post.learns_the_code()
    post.current.end()
    with post.worker():
        done = post.tracker("replay", "--reason", "unknown_vocabulary", "--yes")
        assert done.exit_code == 0
        assert "1 applied; 0 rejected" in done.stderr
        (position,) = post.positions("unknown_vocabulary")
        assert "(sent again)" in post.tracker("list").stdout
        assert re.search(rf"again +sent again, as {post.topic}/\d/\d", post.tracker("show", position).stdout)
        assert post.listed()["sent_again"] == 1
        # By reason it is passed over; by its name somebody means it, and is told.
        assert "nothing to send" in post.tracker("replay", "--reason", "unknown_vocabulary", "--yes").stdout
        with pytest.raises(Exception, match="was sent again already: --again sends it once more"):
            post.tracker("replay", position, "--yes")
        done = post.tracker("replay", position, "--again", "--yes")
        assert (done.exit_code, "1 applied, 1 of them duplicates; 0 rejected" in done.stderr) == (0, True)


def test_what_is_rejected_again_says_so_and_shows_its_history(post: Post) -> None:
    (first,) = post.positions("unknown_vocabulary")
    done = post.tracker("replay", first, "--yes")
    assert done.exit_code == 4
    assert "0 applied; 1 rejected" in done.stderr
    assert f"  1 unknown_vocabulary: {REASONS['unknown_vocabulary']}" in done.stderr
    assert "tracker rejected list" in done.stderr
    newest, oldest = post.positions("unknown_vocabulary")
    assert oldest == first
    assert re.search(rf"before +unknown_vocabulary at {first}, ", post.tracker("show", newest).stdout)
    # Both dead letters are the same bytes with the same key.
    for position in (newest, oldest):
        shown = json.loads(post.tracker("show", position, "--json").stdout)
        assert (shown["key"], shown["value"]) == ("A1", NEW_CODE.decode())
    # Of the two only the newest is left to be sent.
    assert "Send 1 rejected scan again" in post.tracker("replay", "--reason", "unknown_vocabulary").stdout


def test_what_is_sent_again_says_in_its_header_where_its_dead_letter_stands(post: Post) -> None:
    (position,) = post.positions("unknown_vocabulary")
    post.tracker("replay", position, "--yes")
    (sent,) = [one for one in read_topic(post.kafka, post.topic, PARTITIONS) if one.headers()]
    assert headers_of(sent) == {"replayed": f"{post.topic}.rejected/{position}".encode()}
    assert (sent.key(), sent.value()) == (b"A1", NEW_CODE)


@pytest.mark.parametrize(
    "words", [(), ("--all", "--reason", "no_zone"), ("0/1", "--all"), ("0/1", "--since", "1h"), ("--reason", "typo")]
)
def test_what_is_meant_must_be_said_in_one_way(words: tuple[str, ...]) -> None:
    assert CliRunner().invoke(command_line.cli, ["rejected", "replay", *words]).exit_code == 2


@pytest.mark.parametrize("since", ["5", "2x", "yesterday", "2026-11-22T10:15:30", "-1h", "2026-13-01T00:00:00Z"])
def test_a_time_that_is_none_is_refused(since: str) -> None:
    done = CliRunner().invoke(command_line.cli, ["rejected", "list", "--since", since])
    assert done.exit_code == 2
    assert "expected 90m, 2h, 7d, or a time with its zone" in done.stderr


def test_each_reason_of_a_rejection_has_a_remedy() -> None:
    assert REASONS.keys() == REMEDIES.keys()
