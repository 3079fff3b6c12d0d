"""A file of Redis that ends anywhere is started as it is, twice, and nothing is lost, doubled or miscounted."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final

import pytest

from tests.chaos.cutting import Cutting, MemoryLog
from tests.chaos.planted import NEXT_AT
from tests.chaos.seeds import seed
from tests.servers import Redis
from tracker.process.core.batch import Outgoing
from tracker.store import claims
from tracker.store.claims import ApplyBatch

CUTS: Final = 15
IN_THE_MARK: Final = range(20, 170, 10)
"""Bytes lost of the last commands before EXEC, those of the mark, so that all records stand before them."""


def test_a_file_that_ends_inside_a_transaction_needs_no_mending(redis_server: Redis, tmp_path: Path) -> None:
    del redis_server  # Skips where there is none.
    cutting = Cutting(tmp_path, seed())
    cutting.prepare()
    for lost in (*IN_THE_MARK, *Random(cutting.seed).sample(cutting.cuts, CUTS)):
        report = cutting.strike(lost)
        assert report.clean, f"{lost} bytes lost\n{report}"
    assert cutting.came_to_life


def test_half_a_batch_that_comes_to_life_behind_its_place_sets_nothing_back_for_good(
    redis_server: Redis, tmp_path: Path
) -> None:
    del redis_server
    report = Cutting(tmp_path / "noted", seed()).bring_behind(noted=True)
    assert report.clean, str(report)
    assert Cutting(tmp_path / "not", seed()).bring_behind(noted=False).different


def test_a_record_that_does_not_say_how_far_it_is_would_count_scans_twice(
    redis_server: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del redis_server
    whole = claims.apply_command

    def without_next(partition: int, batch: ApplyBatch, final_ttl_s: int) -> tuple[bytes, int]:
        records = {key: record[:NEXT_AT] + bytes(6) + record[NEXT_AT + 6 :] for key, record in batch.records.items()}
        return whole(partition, replace(batch, records=records), final_ttl_s)

    monkeypatch.setattr(claims, "apply_command", without_next)
    cutting = Cutting(tmp_path, seed())
    cutting.prepare()
    assert any(cutting.strike(lost).doubled for lost in (*IN_THE_MARK, *cutting.cuts))


def test_dead_letters_that_are_not_sent_after_a_start_are_found_though_an_earlier_cut_had_them(
    redis_server: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del redis_server

    async def swallowed(_log: MemoryLog, _outgoing: Sequence[Outgoing]) -> None:
        """Nothing comes of them."""

    cutting = Cutting(tmp_path, seed())
    cutting.prepare()
    assert cutting.strike(IN_THE_MARK[0]).clean
    monkeypatch.setattr(MemoryLog, "deliver", swallowed)
    assert cutting.strike(IN_THE_MARK[0]).lost


def test_parcels_in_a_final_state_that_stay_for_ever_are_found(
    redis_server: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del redis_server
    whole = claims.apply_command

    def without_expiry(partition: int, batch: ApplyBatch, final_ttl_s: int) -> tuple[bytes, int]:
        return whole(partition, replace(batch, final=frozenset()), final_ttl_s)

    monkeypatch.setattr(claims, "apply_command", without_expiry)
    cutting = Cutting(tmp_path, seed())
    cutting.prepare()
    different = cutting.strike(IN_THE_MARK[0]).different
    assert different
    assert all("does not expire" in found for found in different)
