"""What recognising a barcode costs, and how many times as much the fastest Python libraries take for the same codes.

The timed call takes a whole batch; `ns_per_code` is its least time by its codes. The libraries are timed in the same
run over fewer codes, each by its quickest way: with tracking-numbers the definition of the one format, not the search
through all. python-stdnum has neither S10 nor 1Z, and reads an SSCC as an element string only, faster than biip does.
"""

import random
import timeit
from collections.abc import Callable

import pytest
import stdnum.gs1_128
import tracking_numbers
from biip.sscc import Sscc
from pytest_benchmark.fixture import BenchmarkFixture

from tracker.domain import barcode

CODES = 20_000
REFERENCE_CODES = 1_000


def s10(source: random.Random) -> str:
    serial = f"{source.randrange(10**8):08}"
    return barcode.make_valid("s10", service_indicator="RR", serial=serial, country=source.choice(("KZ", "CN", "DE")))


def sscc(source: random.Random) -> str:
    return barcode.make_valid("sscc", extension_digit="0", body=f"{source.randrange(10**16):016}")


def ups(source: random.Random) -> str:
    return barcode.make_valid("ups_1z", shipper="999AA1", service="03", package=f"{source.randrange(10**7):07}")


def element_string(source: random.Random) -> str:
    return f"]C100{sscc(source)}"


def typed(source: random.Random) -> str:
    return barcode.format_for_humans("s10", s10(source)).lower()


def mixed(source: random.Random) -> str:
    return source.choice((s10, s10, s10, element_string, ups, typed))(source)


REFERENCES: dict[str, tuple[str, Callable[[str], object]]] = {
    "s10": ("tracking-numbers", tracking_numbers.get_definition("s10").test),
    "sscc": ("biip", Sscc.parse),
    "element_string": ("python-stdnum", lambda code: stdnum.gs1_128.info(code.removeprefix("]C1"))),
    "ups": ("tracking-numbers", tracking_numbers.get_definition("ups").test),
}


def least_ns_per_code(benchmark: BenchmarkFixture) -> float:
    """The least time of the batch by its codes, which is also put beside the benchmark's results."""
    assert benchmark.stats is not None
    ns_per_code = float(benchmark.stats.stats.min) / CODES * 1e9
    benchmark.extra_info["ns_per_code"] = round(ns_per_code, 1)
    return ns_per_code


@pytest.mark.parametrize("make", [s10, sscc, element_string, ups, typed, mixed], ids=lambda make: make.__name__)
def test_recognise_batch(benchmark: BenchmarkFixture, make: Callable[[random.Random], str]) -> None:
    source = random.Random(1)
    codes = [make(source) for _ in range(CODES)]
    reads = [code.encode() for code in codes]
    batch = benchmark(barcode.recognise_batch, reads)
    assert None not in batch.keys
    ns_per_code = least_ns_per_code(benchmark)
    if make.__name__ in REFERENCES:
        library, read_by = REFERENCES[make.__name__]
        few = codes[:REFERENCE_CODES]
        assert all(read_by(code) for code in few)
        seconds = min(timeit.repeat(lambda: [read_by(code) for code in few], number=1, repeat=3))
        benchmark.extra_info["reference"] = library
        benchmark.extra_info["reference_ns_per_code"] = round(seconds / REFERENCE_CODES * 1e9)
        benchmark.extra_info["times_as_fast"] = round(seconds / REFERENCE_CODES * 1e9 / ns_per_code)
    print(f"\n{make.__name__}: {benchmark.extra_info}")


def test_recognise_batch_of_nothing_known(benchmark: BenchmarkFixture) -> None:
    """Codes that no format reads: what a scan of another format pays for these."""
    source = random.Random(1)
    reads = [f"{source.randrange(10**13):013}".encode() for _ in range(CODES)]
    batch = benchmark(barcode.recognise_batch, reads)
    assert set(batch.keys) == {None}
    least_ns_per_code(benchmark)
    print(f"\nnothing known: {benchmark.extra_info}")
