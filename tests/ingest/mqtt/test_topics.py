"""A pattern of topics is a filter at the broker, and says what a topic says of the sender."""

import pytest

from tracker.ingest.mqtt.topics import Origin, Pattern, origin


@pytest.mark.parametrize(
    ("pattern", "subscribed"),
    [
        ("scans/{site}/{device}", "scans/+/+"),
        ("{device}", "+"),
        ("a/+/{site}/#", "a/+/+/#"),
        ("#", "#"),
        ("scans", "scans"),
    ],
)
def test_a_name_is_a_wildcard_of_one_level_at_the_broker(pattern: str, subscribed: str) -> None:
    assert Pattern(pattern).filter == subscribed


@pytest.mark.parametrize(
    ("pattern", "topic", "expected"),
    [
        ("scans/{site}/{device}", "scans/KZALAA/T-1", Origin("KZALAA", "T-1")),
        ("scans/{site}/{device}", "scans/Алматы/T 1", Origin("Алматы", "T 1")),
        ("scans/{site}/{device}", "scans/KZALAA", None),
        ("scans/{site}/{device}", "scans/KZALAA/T-1/more", None),
        ("scans/{site}/{device}", "scans//T-1", None),
        ("scans/{site}/{device}", "other/KZALAA/T-1", None),
        ("a.c/{device}/#", "a.c/T-1", Origin("", "T-1")),
        ("a.c/{device}/#", "a.c/T-1/x/y", Origin("", "T-1")),
        ("a.c/{device}/#", "abc/T-1/x/y", None),
        ("+/{site}", "/KZALAA", Origin("KZALAA", "")),
        ("#", "any/thing", Origin("", "")),
    ],
)
def test_a_topic_says_site_and_device(pattern: str, topic: str, expected: Origin | None) -> None:
    assert Pattern(pattern).origin(topic) == expected


@pytest.mark.parametrize(
    "pattern",
    ["", "a/#/b", "a#", "a+/b", "{site}x", "{place}", "{site}/{site}", "$share/g/a", "$SYS/#", "a\0b", "a" * 1_025],
)
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="a topic filter such as"):
        Pattern(pattern)


def test_the_first_pattern_that_takes_a_topic_counts() -> None:
    patterns = [Pattern("scans/{site}/x"), Pattern("scans/{device}/#")]
    assert origin(patterns, "scans/KZALAA/x") == Origin("KZALAA", "")
    assert origin(patterns, "scans/KZALAA/y") == Origin("", "KZALAA")
    assert origin(patterns, "others") is None


@pytest.mark.parametrize("name", ["s" * 129, "a\tb", "a\x85"])
def test_a_topic_whose_site_no_scan_may_have_is_none_of_ours(name: str) -> None:
    assert origin([Pattern("scans/{site}")], f"scans/{'s' * 128}") is not None
    assert origin([Pattern("scans/{site}")], f"scans/{name}") is None
