"""The oracle: Redis and the dead letters against the log, folded by the reference model.

It reads the log as it grows and remembers what it has compared, so that it can be asked again and again: a parcel is
folded anew only when scans of it came, or when its bytes in Redis are others.

A partition is judged by the scans before its mark, so that it can be looked at while workers run; that the mark is at
the end of its partition is a matter of its own.
"""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Final

from redis import Redis

from tests.chaos import aliases, expiries, letters, model
from tests.chaos.compare import Compared, compare
from tests.chaos.consumer import LogReader, Record
from tests.chaos.model import LogPartition, Model
from tests.chaos.report import Report
from tests.chaos.stored import StoredPartition, read_partition, read_sample
from tracker.config import Settings
from tracker.simulate import ledger
from tracker.store import claims

SAMPLE: Final = 40
"""Parcels, and aliases, that a probe compares: as many of those that came last as of all."""

_NEXT_AT: Final = slice(24, 30)
"""Where a record says up to which offset it has its scans (ext/record.pxd)."""


_Remembered = tuple[tuple[int, bytes | None, bytes | None], Compared]
"""What a parcel was compared with: how many scans, its record and its data; and what came of it."""


class Oracle:
    """What there is to know of one world. Its methods may be called from any thread.

    Args:
        settings: of the workers, with addresses that need no proxy.

    Attributes:
        probes: partitions that were probed.
    """

    def __init__(self, settings: Settings) -> None:
        self.probes = 0
        self._settings = settings
        self._lock = threading.Lock()
        self._letters_log = LogReader(settings.kafka, settings.rejected_topic)
        self._former_records = 0
        self._begin()

    def _begin(self) -> None:
        settings = self._settings
        self._log = LogReader(settings.kafka, settings.topic)
        self._partitions = [LogPartition(number, settings.partitions) for number in range(settings.partitions)]
        self._letters: list[Record] = []
        self._compared: list[dict[str, _Remembered]] = [{} for _ in self._partitions]
        self._dictionaries: list[tuple[Mapping[bytes, bytes], ...]] = [({}, {}) for _ in self._partitions]

    def ends(self) -> list[int]:
        """Where the partitions of the log end now."""
        return self._log.ends()

    def close(self) -> None:
        """Closes its consumers."""
        self._log.close()
        self._letters_log.close()

    def begin_again(self) -> None:
        """The log is another one now, which nothing that was known until now is of."""
        with self._lock:
            self._letters_log.read()
            self._former_records += sum(self._log.positions)
            self._log.close()
            self._begin()

    def read_on(self) -> list[int]:
        """Reads what is in the log now, before something of it goes; gives up to where."""
        with self._lock:
            self._catch_up()
            return list(self._log.positions)

    def read_from(self, positions: Sequence[int]) -> None:
        """Reads on from where `read_on` has come to. What was fetched since then, though not read, may be gone."""
        with self._lock:
            assert self._log.positions == list(positions)
            self._log.begin_at(positions)

    def deleted(self, partition: int, offsets: range) -> None:
        """Offsets of a partition were deleted from the log before they were applied; they must have been read."""
        with self._lock:
            self._partitions[partition].delete(offsets)

    def judge(self, sent: Path | None = None) -> Report:
        """Reads what is new in the topics, and Redis whole, and compares them both ways.

        Args:
            sent: ledger of the sender, of what it sent since the last one.
        """
        with self._lock:
            # Redis first: what it has applied by then is in a log that is read later.
            with Redis.from_url(self._settings.redis) as store:
                stored = [read_partition(store, number) for number in range(self._settings.partitions)]
            self._catch_up()
            self._letters += self._letters_log.read()
            report = Report()
            if sent is not None:
                self._compare_sent(report, ledger.read(sent))
            models = [log.folded(found.next) for log, found in zip(self._partitions, stored, strict=True)]
            for number, (expected, found) in enumerate(zip(models, stored, strict=True)):
                if found.next != self._log.positions[number]:
                    report.behind.append(
                        f"partition {number}: its mark is at {found.next}, its end is {self._log.positions[number]}"
                    )
                duplicates = self._compare_parcels(report, number, expected, found)
                compare_counters(report, number, expected, duplicates, found)
                aliases.compare(report, number, expected.announced, found.aliases)
            self._compare_rekeyed(report, models)
            rejected = [one for expected in models for one in expected.rejected]
            known = {record.source for log in self._partitions for record, _ in log.rejected}
            letters.compare(report, self._letters, rejected, known)
            with_aliases = [one for expected in models for one in expected.with_aliases]
            aliases.compare_announced(report, [log.aliases for log in self._partitions], with_aliases)
            report.records = self._former_records + sum(self._log.positions)
            report.scans = sum(expected.scans for expected in models)
            report.parcels = sum(len(expected.parcels) for expected in models)
            report.rekeyed = sum(len(expected.rekeyed) for expected in models)
            report.announced = sum(len(expected.announced) for expected in models)
            report.rejected = model.reasons(models)
            return report

    def probe(self, number: int, random: Random) -> Report:
        """Compares some parcels and aliases of a partition, at one moment, with the fold of the log up to its mark."""
        with self._lock:
            log = self._partitions[number]
            chosen = _sample(list(log.parcels), random)
            sampled = _sample([one.alias for _, one in log.aliases.announced], random)
            with Redis.from_url(self._settings.redis, socket_timeout=1) as store:
                found = read_sample(store, number, sorted(chosen), sorted(sampled))
            ends = [0] * len(self._partitions)
            ends[number] = found.next
            self._catch_up(ends)
            self.probes += 1
            report = Report()
            if isinstance(found.names, str):
                report.different.append(f"probe: {found.names}")
                return report
            for parcel in chosen:
                record = found.records.get(parcel)
                # A record that Redis brought back without its mark says itself how far it goes; its data follows.
                own = int.from_bytes(record[_NEXT_AT], "little") if record else 0
                if scans := log.parcels[parcel].before(max(found.next, own)):
                    data, whole = found.data.get(parcel), own <= found.next
                    file(report, compare(scans, found.names, record, data, with_data=whole), "probe: ")
                elif record is not None:
                    report.unexpected.append(f"probe: {parcel} is in Redis, its first scan is behind the mark")
            if doubtful := aliases.unfounded(found, log.announced(sampled)):
                self._catch_up()  # What came back without its mark may have been announced where nothing was read yet.
                report.different.extend(
                    f"probe: alias {alias} is {found.aliases.get(alias)!r}, which is no fold of what announces it"
                    for alias in aliases.unfounded(found, log.announced(doubtful))
                )
            return report

    def _catch_up(self, ends: Sequence[int] | None = None) -> None:
        for record in self._log.read(ends):
            self._partitions[record.partition].add(record)

    def _compare_sent(self, report: Report, sent: Sequence[ledger.Entry]) -> None:
        """What the broker acknowledged stands where it said, or somewhere in its partition where it did not say."""
        anywhere = [set(log.digests.values()) for log in self._partitions]
        for entry in sent:
            if entry.outcome is not ledger.Outcome.ACKNOWLEDGED:
                continue
            if entry.offset < 0:
                there = entry.digest in anywhere[entry.partition]
            else:
                there = self._partitions[entry.partition].digests.get(entry.offset) == entry.digest
            if not there:
                report.lost.append(f"the log does not hold what was acknowledged: {entry}")

    def _compare_parcels(self, report: Report, number: int, expected: Model, found: StoredPartition) -> int | None:
        """Compares every parcel of a partition; gives its duplicates, None where they are not known."""
        if isinstance(found.names, str):
            report.different.append(found.names)
            return None
        remembered = self._remembered(number, found)
        duplicates: int | None = 0
        final: dict[str, bool] = {}
        for parcel, scans in expected.parcels.items():
            stands = (len(scans), found.records.get(parcel), found.data.get(parcel))
            before, compared = remembered.get(parcel, (None, None))
            if compared is None or before != stands:
                compared = compare(scans, found.names, *stands[1:])
                remembered[parcel] = stands, compared
            file(report, compared)
            report.undecided += compared.undecided
            if not compared.undecided:
                final[parcel] = compared.final
            known = duplicates is not None and compared.duplicates is not None
            duplicates = duplicates + compared.duplicates if known else None  # type: ignore[operator]
        expiries.compare(report, number, final, found)
        for strings in (found.records, found.data):
            report.unexpected.extend(
                f"{parcel} is in Redis, not in the log" for parcel in strings.keys() - expected.parcels
            )
        report.duplicates += duplicates or 0
        return duplicates

    def _remembered(self, number: int, found: StoredPartition) -> dict[str, _Remembered]:
        """What is still valid: nothing, where a number stands for another name than when it was compared."""
        before, now = self._dictionaries[number], (found.sources, found.codes)
        if not all(was.items() <= is_.items() for was, is_ in zip(before, now, strict=True)):
            self._compared[number].clear()
        self._dictionaries[number] = now
        return self._compared[number]

    def _compare_rekeyed(self, report: Report, models: Sequence[Model]) -> None:
        """A scan on another partition than its parcel's must stand on the right one, before the mark passes it."""
        sent_on = {source: record for log in self._partitions for source, record in log.sent_on.items()}
        rekeyed = {record.source for log in self._partitions for record in log.rekeyed}
        for record in (record for expected in models for record in expected.rekeyed):
            again = sent_on.get(record.source)
            if again is None or again.value != record.value or again.source in rekeyed:
                report.lost.append(f"{record.source} belongs to another partition and is not there")
        report.unexpected.extend(
            f"a scan says it comes from {source}, which is where it belongs" for source in sent_on.keys() - rekeyed
        )


def _sample(known: Sequence[str], random: Random) -> set[str]:
    """Some of what is known, half of it among what came last."""
    return {*known[-SAMPLE // 2 :], *random.sample(known, min(SAMPLE // 2, len(known)))}


def file(report: Report, compared: Compared, where: str = "") -> None:
    """Adds what a comparison found to a report."""
    for finding in compared.findings:
        report.findings[finding.kind].append(where + finding.text)


def compare_counters(
    report: Report, number: int, expected: Model, duplicates: int | None, found: StoredPartition
) -> None:
    """Read is applied, rejected, re-keyed and announced; and the mark says so.

    Where a claim has gone back to where half a batch began, copies that had been counted behind it may not be again.
    """
    announced = len(expected.announced)
    wanted = (expected.scans, duplicates, len(expected.rejected), len(expected.rekeyed), announced)
    for name, count in zip(claims.COUNTERS, wanted, strict=True):
        stands = int(found.mark.get(name.encode(), 0))
        fewer = name == "duplicates" and b"back" in found.mark
        if count is not None and (stands > count if fewer else stands != count):
            report.unbalanced.append(f"partition {number}: {name} is {stands}, expected {count}")
