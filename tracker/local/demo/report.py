"""What the demo prints: tables and colours on a terminal, plain lines elsewhere."""

from collections.abc import Iterable, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tracker.config import Settings
from tracker.domain.machine import MACHINE
from tracker.domain.scan import FullReader
from tracker.domain.vocabulary import Vocabularies
from tracker.errors import REASONS
from tracker.local.demo.outcome import Outcome
from tracker.local.demo.visibility import percentile
from tracker.local.up import Servers
from tracker.log.search import locate
from tracker.serve.views import why as explained
from tracker.serve.why import why
from tracker.site import recogniser
from tracker.store.reading.decode import Stored

LOCATE_TIMEOUT_S: Final = 5.0
COUNT_CELLS: Final = 9
BAR_CELLS: Final = 24

PLAIN_COLUMNS: Final = 160
"""Width where there is no terminal, so that nothing is cut off."""


class Report:
    """Prints what a demo does, step by step.

    Args:
        vocabularies: for the meaning of codes.
    """

    def __init__(self, vocabularies: Vocabularies) -> None:
        self._vocabularies = vocabularies
        self._console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
        if not self._console.is_terminal:
            self._console.width = PLAIN_COLUMNS

    def begun(self, running: Servers, seconds: float) -> None:
        """Prints where the servers are, once the worker has its partitions."""
        self._console.print(f"kafka   {running.settings.kafka}  ({running.kafka})")
        self._console.print(f"redis   {running.settings.redis}  ({running.redis})")
        self._console.print(f"worker  {running.settings.partitions} partitions claimed")
        self._console.print(f"gateway http://{running.settings.http}; all are ready after {seconds:.1f} s")

    def ended(self, scans: int, seconds: float, latencies_us: Sequence[int], outcome: Outcome) -> None:
        """Prints what became of the scans."""
        rejected = outcome.rejected.total()
        parcels = outcome.states.total()
        self._title(f"{scans:,} scans of {parcels:,} parcels in {seconds:.1f} s")
        counts = _grid(["duplicates", *(f"  {reason}" for reason in outcome.rejected)])
        counts.add_row("scans in", f"{scans:,}", "answered by the gateway, safe in Kafka")
        counts.add_row("applied", f"{outcome.counted.scans:,}", "each once")
        counts.add_row(
            "duplicates", f"{outcome.counted.duplicates:,}", "of these, already known: counted, and nothing else"
        )
        counts.add_row("rejected", f"{rejected:,}", "kept in the topic of rejected scans, each with its reason")
        for reason, count in outcome.rejected.most_common():
            counts.add_row(f"  {reason}", f"{count:,}", REASONS.get(reason, ""))
        self._console.print(counts)
        if latencies_us:
            p50, p99 = (percentile(latencies_us, share) / 1_000 for share in (0.50, 0.99))
            self._title(f"Scan to visible: p50 {p50:.0f} ms, p99 {p99:.0f} ms")
            self._console.print(
                "of all scans: from the moment the gateway's client gets one until its parcel can be read with it"
            )
        self._title("Where the parcels are")
        states = _grid(outcome.states)
        for state, count in outcome.states.most_common():
            bar = "█" * -(-count * BAR_CELLS // max(outcome.states.values()))
            meaning = MACHINE.states[state]
            states.add_row(state, f"{count:,}", Text(bar, "green") if self._console.is_terminal else meaning)
        self._console.print(states)

    def explained(self, settings: Settings, best: Stored | None) -> None:
        """Prints one parcel with its explanation."""
        if best is None:
            return
        self._title(f"One parcel explained, as `tracker why {best.parcel.id}` does")
        located = locate(
            settings, best.parcel, FullReader(self._vocabularies, {}, recogniser(settings)), LOCATE_TIMEOUT_S
        )
        for line in explained.lines(why(best, self._vocabularies, located)):
            self._console.print(line)

    def next_steps(self) -> None:
        """Prints what to do next."""
        self._title("Keep it running")
        self._console.print("make up, or .venv/bin/tracker up: the same servers until Ctrl-C, for scans of your own")

    def _title(self, text: str) -> None:
        self._console.print()
        self._console.print(Text(text, "bold"))


def _grid(names: Iterable[str]) -> Table:
    """A table without lines: name, count, remark. A narrow terminal wraps the remark."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, width=max(map(len, names), default=0))
    table.add_column(no_wrap=True, width=COUNT_CELLS, justify="right")
    table.add_column(style="dim")
    return table
