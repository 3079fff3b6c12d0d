"""What recognising a barcode costs, and how many times as much the fastest Python libraries take for the same codes.

The timed call takes a whole batch; figures are its median time by its codes. The libraries are timed in the same run
over fewer codes, each by its quickest way: with tracking-numbers the definition of the one format, not the search
through all. python-stdnum has neither S10 nor 1Z, and reads an SSCC as an element string only, faster than biip does.
"""

import random
import statistics
import timeit
from collections.abc import Callable

import pytest
import stdnum.gs1_128
import tracking_numbers
from biip.sscc import Sscc
from pytest_benchmark.fixture import BenchmarkFixture

from bench.figures import Figure, at_least, at_most, keep, median_ns
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


BARS = {"s10": (at_most(150), at_least(100))}
"""Kind of code -> the bars of its nanoseconds and of its ratio to the fastest library."""


def reference_ns(codes: list[str], read_by: Callable[[str], object]) -> float:
    """What a library takes for a code, in nanoseconds: the median of five runs."""
    assert all(read_by(code) for code in codes)
    seconds = timeit.repeat(lambda: [read_by(code) for code in codes], number=1, repeat=5)
    return statistics.median(seconds) / len(codes) * 1e9


@pytest.mark.parametrize("make", [s10, sscc, element_string, ups, typed, mixed], ids=lambda make: make.__name__)
def test_recognise_batch(benchmark: BenchmarkFixture, make: Callable[[random.Random], str]) -> None:
    source = random.Random(1)
    codes = [make(source) for _ in range(CODES)]
    reads = [code.encode() for code in codes]
    batch = benchmark(barcode.recognise_batch, reads)
    assert None not in batch.keys
    name = make.__name__
    ns = median_ns(benchmark, CODES)
    most_ns, least_times = BARS.get(name, (None, None))
    figures = [Figure(f"barcode.{name}", ns, "ns/code", f"{name.replace('_', ' ')} recognised in batches", most_ns)]
    if name in REFERENCES:
        library, read_by = REFERENCES[name]
        times = reference_ns(codes[:REFERENCE_CODES], read_by) / ns
        figures.append(Figure(f"barcode.{name}.times", times, "times", f"as fast as {library}", least_times))
    keep(benchmark, *figures)


def test_recognise_batch_of_nothing_known(benchmark: BenchmarkFixture) -> None:
    """Codes that no format reads: what a scan of another format pays for these."""
    source = random.Random(1)
    reads = [f"{source.randrange(10**13):013}".encode() for _ in range(CODES)]
    batch = benchmark(barcode.recognise_batch, reads)
    assert set(batch.keys) == {None}
    ns = median_ns(benchmark, CODES)
    keep(benchmark, Figure("barcode.unknown", ns, "ns/code", "codes that no format reads"))
