"""What recognising a barcode costs, and how many times as much the fastest Python libraries take for the same codes.

The timed call takes a whole batch; figures are its median time by its codes. Libraries are timed by turns with ours
over the same codes, fewer of them, each by its quickest way: for S10 and 1Z, which nothing else looks like, that is the
one definition of tracking-numbers; for numbers that several carriers could have, its search, since whose they are is
the question.
python-stdnum has neither S10 nor 1Z, and reads an SSCC as an element string only, faster than biip does.
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
from tests.domain.barcode.reads import valid_text
from tracker.domain import barcode
from tracker.domain.barcode.making import read_of
from tracker.domain.formats import FORMATS
from tracker.domain.formats.forms import CARRIERS, FORMS
from tracker.domain.formats.pattern import Form

CODES = 20_000
REFERENCE_CODES = 1_000
REFERENCE_TURNS = 15
BATCHES = 100
"""Of ours a turn, so that both sides of a comparison take about as long."""


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


def of_form(form: Form, source: random.Random) -> str:
    """A random text of a form, with its check character, in the frame that it needs."""
    return read_of(form, valid_text(form, source))


def of_scheme(scheme: str) -> Callable[[random.Random], str]:
    """Makes random texts of the first form of a format."""
    form = next(form for form in FORMS if form.format.name == scheme)

    def make(source: random.Random) -> str:
        return of_form(form, source)

    make.__name__ = scheme
    return make


def every_format(source: random.Random) -> str:
    """Every format as often as any other, in all of its forms: a harder mix than a sorting centre's."""
    format_ = source.choice(FORMATS)
    return of_form(source.choice([form for form in FORMS if form.format is format_]), source)


REFERENCES: dict[str, tuple[str, Callable[[str], object]]] = {
    "s10": ("tracking-numbers", tracking_numbers.get_definition("s10").test),
    "sscc": ("biip", Sscc.parse),
    "element_string": ("python-stdnum", lambda code: stdnum.gs1_128.info(code.removeprefix("]C1"))),
    "ups": ("tracking-numbers", tracking_numbers.get_definition("ups").test),
    **dict.fromkeys(
        ("usps_20", "fedex_12", "fedex_ground_96", "dhl_express", "amazon_logistics"),
        ("tracking-numbers", tracking_numbers.get_tracking_number),
    ),
}


KINDS = [
    *(s10, sscc, element_string, ups, typed, mixed, every_format),
    *(of_scheme(name) for name in REFERENCES if name in {format_.name for format_ in FORMATS} - {"s10", "sscc"}),
]
BARS = {"s10": at_most(150), "every_format": at_most(250)}
"""Kind of code -> the bar of its nanoseconds."""
TIMES = at_least(100)
"""The bar of every ratio to a library."""


def times_as_fast(codes: list[str], read_by: Callable[[str], object]) -> float:
    """How many times as long a library takes for the codes that it can read, as we do for the same in a batch.

    Both are timed by turns, so that whatever else the machine does slows down both; the median of all turns.
    """
    codes = [code for code in codes if read_by(code)]
    assert len(codes) > 0.05 * REFERENCE_CODES
    reads = [code.encode() for code in codes]
    turns = []
    for _ in range(REFERENCE_TURNS):
        theirs = timeit.timeit(lambda: [read_by(code) for code in codes], number=1)
        ours = timeit.timeit(lambda: barcode.recognise_batch(reads), number=BATCHES) / BATCHES
        turns.append(theirs / ours)
    return statistics.median(turns)


@pytest.mark.parametrize("make", KINDS, ids=lambda make: make.__name__)
def test_recognise_batch(benchmark: BenchmarkFixture, make: Callable[[random.Random], str]) -> None:
    source = random.Random(1)
    codes = [make(source) for _ in range(CODES)]
    reads = [code.encode() for code in codes]
    batch = benchmark(barcode.recognise_batch, reads)
    # Numbers with nothing but a length and a check digit are some other carrier's too, now and then.
    assert sum(map(bool, batch.keys)) > 0.6 * CODES
    name = make.__name__
    ns = median_ns(benchmark, CODES)
    what = f"{name.replace('_', ' ')} recognised in batches"
    figures = [Figure(f"barcode.{name}", ns, "ns/code", what, BARS.get(name))]
    if name in REFERENCES:
        library, read_by = REFERENCES[name]
        times = times_as_fast(codes[:REFERENCE_CODES], read_by)
        figures.append(Figure(f"barcode.{name}.times", times, "times", f"as fast as {library}", TIMES))
    keep(benchmark, *figures)


def test_recognise_batch_of_nothing_known(benchmark: BenchmarkFixture) -> None:
    """Codes that no format reads: what a scan of another format pays for these."""
    source = random.Random(1)
    reads = [f"{source.randrange(10**13):013}".encode() for _ in range(CODES)]
    batch = benchmark(barcode.recognise_batch, reads)
    assert set(batch.keys) == {None}
    ns = median_ns(benchmark, CODES)
    keep(benchmark, Figure("barcode.unknown", ns, "ns/code", "codes that no format reads"))


@pytest.mark.parametrize("formats", [1, 10, len(FORMATS)])
def test_a_code_costs_the_same_however_many_formats_it_is_not(benchmark: BenchmarkFixture, formats: int) -> None:
    source = random.Random(1)
    reads = [s10(source).encode() for _ in range(CODES)]
    kept = {format_.carrier for format_ in FORMATS[:formats]}
    reader = barcode.configure(disabled=[carrier for carrier in CARRIERS if carrier not in kept])
    batch = benchmark(reader.recognise_batch, reads)
    assert batch.keys == reads
    ns = median_ns(benchmark, CODES)
    keep(benchmark, Figure(f"barcode.s10.of_{formats}", ns, "ns/code", f"S10 with {formats} formats loaded"))
