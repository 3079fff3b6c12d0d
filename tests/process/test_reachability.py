"""Whether Redis and Kafka answer, by what runners tell."""

import pytest

from tests.process.runners import Told
from tracker.process.core.batch import BatchCounts
from tracker.process.reachability import Reachability


def test_nothing_is_known_before_the_first_exchange() -> None:
    reachability = Reachability(Told())
    assert (reachability.redis, reachability.kafka) == (None, None)


@pytest.mark.parametrize("result", ["claimed", "denied", "stopped"])
def test_a_claim_that_redis_has_answered_says_that_it_answers(result: str) -> None:
    told = Told()
    reachability = Reachability(told)
    reachability.redis_error("a wrong password")
    assert (reachability.redis, reachability.redis_reason) == (False, "a wrong password")
    reachability.claimed(result)
    assert (reachability.redis, reachability.redis_reason) == (True, "")
    assert (told.claims, told.errors["Redis"]) == ([result], 1)


def test_a_claim_that_failed_says_nothing_of_redis() -> None:
    reachability = Reachability(Told())
    reachability.claimed("failed")
    assert reachability.redis is None


def test_a_batch_that_has_landed_and_a_question_that_was_answered_say_that_redis_answers() -> None:
    told = Told()
    for answered in (lambda one: one.applied(BatchCounts(), 0.1), Reachability.redis_answered):
        reachability = Reachability(told)
        reachability.redis_error()
        assert reachability.redis is False
        answered(reachability)
        assert reachability.redis is True
    assert told.counts == [BatchCounts()]


def test_kafka_is_known_apart_from_redis() -> None:
    told = Told()
    reachability = Reachability(told)
    reachability.kafka_error()
    assert (reachability.redis, reachability.kafka, told.errors["Kafka"]) == (None, False, 1)
    reachability.kafka_answered()
    assert reachability.kafka is True


def test_kafka_fails_as_long_as_one_of_what_is_asked_of_it_does_and_says_why() -> None:
    reachability = Reachability(Told())
    reachability.kafka_answered()
    reachability.kafka_error("fetches", "no permission to read")
    reachability.kafka_error("records", "no permission to write")
    reachability.kafka_answered()
    assert (reachability.kafka, reachability.kafka_reason) == (False, "no permission to read; no permission to write")
    reachability.kafka_answered("fetches")
    assert reachability.kafka_reason == "no permission to write"
    reachability.kafka_answered("records")
    assert (reachability.kafka, reachability.kafka_reason) == (True, "")
