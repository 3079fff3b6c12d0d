"""What is kept in memory, and what goes first."""

from tracker.process.core.cache import Cache


def test_the_cache_forgets_the_least_lately_used_half_and_no_more() -> None:
    cache: Cache[bytes, bytes] = Cache(4)
    cache.keep({b"A": b"1", b"B": b"1"})
    cache.keep({b"C": b"1"})
    assert {*cache.young, *cache.old} == {b"A", b"B", b"C"}
    cache.keep({b"C": b"2", b"D": b"1"})
    cache.keep({b"E": b"1"})
    assert {*cache.young, *cache.old} == {b"C", b"D", b"E"}
    assert (cache.young | cache.old)[b"C"] == b"2"
