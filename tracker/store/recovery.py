"""What a person decides about a partition that is stopped: to go on behind a loss, or to build it anew from the log.

Workers may run meanwhile. Each decision is a compare-and-set of the mark against what the person was shown, and moves
the epoch: whatever a worker has in flight is refused, and workers claim again by themselves.
"""

import re
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any, Final, Self, cast

from tracker.config import Settings
from tracker.errors import TrackerError
from tracker.store import clients, keys
from tracker.store.claims import COUNTERS
from tracker.store.clients import reaching
from tracker.store.marks import Marks, MarkSnapshot
from tracker.store.reading.sync import run
from tracker.store.server import Server
from tracker.store.walk import Walk

KEYS_A_STEP: Final = 1_000
"""Keys that are deleted at once: UNLINK of so many strings takes Redis about half a millisecond."""

_RECOVER: Final = files("tracker.store").joinpath("scripts/recover.lua").read_text()
_UNLINK: Final = files("tracker.store").joinpath("scripts/unlink.lua").read_text()
_WHATEVER: Final = "*"
"""For the script: this field is not compared."""

_KEY: Final = re.compile(rb"t:\{([0-9]{1,4})\}:.+", re.DOTALL)


class Recovery:
    """Carries out decisions in the Redis of the settings. A context manager; belongs to one thread.

    Args:
        settings: `redis` and `partitions`.

    Every method raises TrackerError: `no_redis`, `wrong_partitions`, `wrong_version`; `mark_changed`, if a mark is not
    what was shown: then look again.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._server = Server(settings)
        self._marks = Marks(settings)
        # If a decision was sent twice, the second one would find the mark moved, and say that somebody else did it.
        self._redis = clients.client(self._server)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._marks.close()
        self._redis.close()

    def snapshots(self) -> list[MarkSnapshot]:
        """The mark of each partition, in order, of a store of an older version too."""
        return self._marks.read(older=True)

    def skip_to(self, shown: MarkSnapshot, log: str, offset: int) -> None:
        """Moves a mark forward: what is in the log before the offset, and was not applied, never will be.

        The records that are there stay. Each says up to which offset it has its scans and passes over those before, so
        the mark must not go back, nor to another log, under them: that is what `rebuild` is for.
        """
        assert shown.log in {None, log}
        assert shown.rebuild is None
        assert offset >= (shown.next or 0)
        as_shown = (shown.epoch or None, shown.next, shown.log, None)
        self._write(shown.partition, as_shown, (), log=log, next=offset)

    def rebuild(
        self, shown: Collection[MarkSnapshot], log: str, offsets: Mapping[int, int], advance: Callable[[int], None]
    ) -> None:
        """Deletes all that partitions hold, and has the workers apply the log again.

        First the marks are written, wherever workers have brought them meanwhile: from then on nothing lands in these
        partitions, and nobody can claim them. Then their keys are deleted, KEYS_A_STEP at once, and last the marks are
        opened again. If it is interrupted, partitions stay stopped as `rebuilding` until it is done again.

        Args:
            shown: marks of the partitions.
            log: identity of the log that they are built from.
            offsets: {partition: where its log begins}.
            advance: told that so many more keys are deleted, now and then.
        """
        name = secrets.token_hex(8)
        for mark in shown:
            as_shown = (_WHATEVER, _WHATEVER, mark.log, mark.rebuild)
            self._write(mark.partition, as_shown, ("next", "log", "back", *COUNTERS), rebuild=name)
        partitions = {mark.partition for mark in shown}
        for partition, found in self._walk(partitions):
            advance(self._unlink(partition, found, name))
        for partition in sorted(partitions):
            # Last, so that whoever reads a record meanwhile finds what it names.
            advance(self._unlink(partition, [keys.sources(partition), keys.codes(partition)], name))
            begun = (_WHATEVER, None, None, name)
            self._write(partition, begun, ("rebuild",), log=log, next=offsets[partition])

    def _write(
        self, partition: int, as_shown: Sequence[str | int | None], going: Sequence[str], **coming: str | int
    ) -> None:
        """Writes a mark, if its epoch, next, log and rebuild are as they were shown."""
        fields = {"partitions": self._settings.partitions, "version": keys.VERSION, **coming}
        compared = ["" if value is None else value for value in as_shown]
        flat: list[Any] = [part for pair in fields.items() for part in pair]
        with reaching(self._server):
            done = self._redis.eval(_RECOVER, 1, keys.mark(partition), *compared, len(going), *going, *flat)
        if not done:
            raise _changed(partition)

    def _walk(self, partitions: set[int]) -> Iterator[tuple[int, list[bytes]]]:
        """All keys of partitions but their marks and dictionaries, a step at a time."""
        kept = {key for n in partitions for key in (keys.mark(n), keys.sources(n), keys.codes(n))}
        match = "t:{*}:*" if len(partitions) > 1 else f"t:{{{next(iter(partitions), 0)}}}:*"
        for query in Walk(match, _KEY, KEYS_A_STEP).steps():
            step = run(self._redis, self._server, query)
            for partition in partitions & step.keys():
                yield partition, [key[0] for key in step[partition] if key[0] not in kept]

    def _unlink(self, partition: int, found: list[bytes], name: str) -> int:
        """Deletes keys of one partition; how many there were."""
        count = 0
        for begin in range(0, len(found), KEYS_A_STEP):
            step = found[begin : begin + KEYS_A_STEP]
            with reaching(self._server):
                done = int(cast("int", self._redis.eval(_UNLINK, 1 + len(step), keys.mark(partition), *step, name)))
            if done < 0:
                raise _changed(partition)
            count += done
        return count


def _changed(partition: int) -> TrackerError:
    message = (
        f"the mark of partition {partition} is not what was shown: a worker or somebody else has written it meanwhile"
    )
    return TrackerError("mark_changed", f"{message}; run the command again")
