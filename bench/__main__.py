"""Measures every bar and prints it beside the machine's facts: `python -m bench`, or `make bench ARGS=--quick`.

`python -m bench --show bench/results.json` measures nothing and prints what a run has saved.

Exit code 1 if a bench could not run or, unless the run was quick, a figure misses its bar; else 0.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench import functions, gateway, latency, machine, memory, way
from bench.figures import Figure

BENCHES: Final[dict[str, Callable[..., list[Figure]]]] = {
    "barcode": partial(functions.run, "barcode"),
    "fold": partial(functions.run, "fold"),
    "memory": memory.run,
    "way": way.run,
    "latency": latency.run,
    "gateway": gateway.run,
}
"""Name -> the function that measures. In the order in which they run."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs what is asked for and gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures every bar of the project.")
    parser.add_argument("--quick", action="store_true", help="smaller sizes: to see that all runs, not how fast it is")
    parser.add_argument("--only", metavar="NAME,...", type=_names, default=list(BENCHES), help=", ".join(BENCHES))
    parser.add_argument("--save", metavar="FILE", type=Path, help="write facts and figures as JSON")
    parser.add_argument(
        "--show", metavar="FILE", type=Path, help="measure nothing: print the facts and figures of FILE"
    )
    options = parser.parse_args(arguments)
    if options.show:
        _show(json.loads(options.show.read_text()))
        return 0
    facts = machine.facts()
    _print_facts(facts)
    figures, not_run = _measure(options.only, quick=options.quick)
    if options.save:
        saved = {
            "date": datetime.now(UTC).strftime("%Y-%m-%d"),
            "quick": options.quick,
            "machine": facts,
            "figures": [figure.to_dict() for figure in figures],
            "not_run": not_run,
        }
        options.save.write_text(json.dumps(saved, indent=1) + "\n")
    missed = [figure.name for figure in figures if figure.passed is False]
    print(_ending(figures, missed, not_run))
    return 1 if not_run or (missed and not options.quick) else 0


def _show(saved: dict[str, Any]) -> None:
    """Prints what `--save` has saved as the run itself printed it."""
    _print_facts(saved["machine"])
    print()
    for figure in saved["figures"]:
        print(_line(Figure.from_dict(figure)))


def _print_facts(facts: dict[str, str]) -> None:
    for name, fact in facts.items():
        print(f"{name:<10}{fact}")


def _names(text: str) -> list[str]:
    names = text.split(",")
    if strangers := [name for name in names if name not in BENCHES]:
        raise argparse.ArgumentTypeError(f"expected some of {', '.join(BENCHES)}, got {', '.join(strangers)}")
    return names


def _measure(names: Sequence[str], *, quick: bool) -> tuple[list[Figure], dict[str, str]]:
    """Runs benches: (figures, {bench that could not run: why})."""
    figures: list[Figure] = []
    not_run: dict[str, str] = {}
    for name in names:
        print(f"\n{name}", flush=True)
        try:
            measured = BENCHES[name](quick=quick)
        except Exception as error:  # noqa: BLE001 - whatever keeps one bench from running, the others run
            not_run[name] = f"{type(error).__name__}: {error}"
            print(f"  could not run: {not_run[name]}", flush=True)
            continue
        for figure in measured:
            print(_line(figure), flush=True)
        figures += measured
    return figures, not_run


def _line(figure: Figure) -> str:
    """A figure as a line: value and unit, bar and verdict where there is one, what it is."""
    value = f"{figure.value:,.0f}" if figure.value >= 100 else f"{figure.value:.3g}"
    verdict = ""
    if figure.bar is not None:
        verdict = f"{'PASS' if figure.passed else 'FAIL'} {figure.bar.relation} {figure.bar.value:,.0f}"
    return f"  {figure.name:<30}{value:>10} {figure.unit:<9}{verdict:<17} {figure.what}".rstrip()


def _ending(figures: Sequence[Figure], missed: Sequence[str], not_run: dict[str, Any]) -> str:
    bars = sum(figure.bar is not None for figure in figures)
    ending = f"\n{bars - len(missed)} of {bars} bars passed"
    if missed:
        ending += f"; missed: {', '.join(missed)}"
    if not_run:
        ending += f"; could not run: {', '.join(not_run)}"
    return ending


if __name__ == "__main__":
    sys.exit(main())
