"""The page: docs/proof.md out of results. Every number in it comes from them, or stands here with a name."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from tests.chaos.report import KINDS

Results = Mapping[str, Any]

CONFIDENCE_PERCENT: Final = 95
RULE_OF_THREE: Final = 3
"""What was never seen in n trials has, with that confidence, a probability of less than RULE_OF_THREE / n a trial."""

RUNS: Final = ("simulated worlds", "real processes")

SERVERS: Final = ("kafka", "redis")
"""Versions that are known on any machine that has been set up, and that simulated worlds have nothing of."""

TITLE: Final = """# Nothing lost, nothing doubled
<!-- Made from tests/proof/*.json by `make simulate-faults` and `make chaos`; `python -m tests.proof` writes it. -->

**The claim.** Each scan that Kafka or a gateway acknowledged changes its parcel exactly once. Redis always holds the
fold ([fold.md](fold.md)) of a prefix of each partition of the log, and after any loss in Redis it comes to the fold of
the whole log again, by reading Kafka from where the store itself says that it stands.

**Not claimed.** That reads never go back: a failover of Redis, or an append-only file that lost its end, takes
parcels back with the offset, and until Kafka is read again, which takes moments, a reader sees an older parcel
than before. And where Redis brings back half of a batch that it had lost (an append-only file cut inside of a
transaction), some parcels are ahead of the offset for those moments: each of them is the fold of a prefix, of a
longer one than its neighbours'.

Two programs try to refute it. Anyone can run them again:
```sh
make simulate-faults                  # the worker's own code in simulated worlds, each step drawn from a seed
make simulate-faults ARGS=--planted   # the same with bugs planted: each must be caught
make chaos                            # real Kafka, real Redis, real workers, and a proxy between each pair of them
make chaos ARGS=--planted             # the same with bugs planted
```
Each keeps what a full run came to in `tests/proof/` and writes this page anew; no number in it is typed by hand.
"""

SIMULATED: Final = """
## Simulated worlds
A world is a log, a store and up to {workers} workers, which run the product's own claim, batch, fold, apply and
revoke on an event loop whose clock the world moves. A seed draws every step: what is sent, fetched, run, answered,
and which faults strike. Each batch that lands is held against the log when it lands; the whole store is held
against the reference model (`tests/reference`, written from the specification and not from the code) in the middle
of the world and at its end, when every partition must have come to the end of its log, or stand still for just the
reason that it must. The simulated store and a real Redis are held to each other by random sequences of the same
calls. A seed that finds something replays exactly (`python -m tests.simulation --seed SEED --verbose`), is made
small, and stays as a test.
"""

REACHED: Final = """
States that a world must come into now and then, or it would prove little; a full run in which one was never
reached fails.
"""

CHAOS: Final = """
## Real processes
Scans are sent with a ledger written before and after each send. In the end a plain consumer reads the topic from
its start, the reference model folds it, and each parcel in Redis, its data and every other label are compared with
it both ways, and so are the dead letters and the counters of each partition (that of duplicates only where no history
of a parcel was cut); meanwhile a probe compares live partitions with their log. The stream of changes is not compared
here, nor how long a key that expires has left. A row whose fault did not strike as often as wanted fails. Recovery is
the time from the end of a fault until all is applied that stood in the log then.

Where a gateway stands before Kafka, scanners send to it over HTTP beside that, each request again until it is
acknowledged or until the scanner breaks. In the end each scan that was acknowledged must stand in its parcel once, and
each other one at most once.
"""

BOUND: Final = """
## What zero means
What was never seen in n independent trials has, with {confidence} % confidence, a probability below {three}/n a
trial (the rule of three).
{bounds}

This bounds what was drawn and nothing else: worlds and strikes of these kinds, at these rates, of these sizes, and
only what the oracle can see. Strikes in one world are not independent of each other, so the bound by strike is the
weaker statement. It says nothing of faults that are in no table here, and it does not grow into a proof by more
seeds: what the planted bugs show is that the oracle sees the mistakes that one makes in such a program.
"""

PLANTED: Final = """
## Planted bugs
Each is switched on only inside of the tests. In simulated worlds it must be caught by the oracle; that something
in the worker raised is not counted. A dash: not planted there.
"""

NOT_TRIED: Final = """
## What was not tried
- Power loss of the machine: processes are killed and files are cut, but no disk has lost what it had said to have kept.
- Several hosts: everything runs on one machine, over its loopback; a network that is cut is cut by a proxy.
- Several Kafka brokers: no replica falls behind, no leader is elected, and `acks=all` waits for one.
- Redis Cluster, and Redis Sentinel's own way of choosing whom to make master.
- A disk or memory that gives back other bytes than were written, except a record that becomes something else.
- Producers that are not idempotent, or that key a parcel's scans by something else than its id in the long run.
- Operators' mistakes, but for those in the tables: another Redis, another partition count, a topic that was made anew.
"""


def written(
    simulation: Results | None, planted: Results | None, chaos: Results | None, chaos_planted: Results | None
) -> str:
    """The page.

    Args:
        simulation: of `make simulate-faults`.
        planted: of the same with planted bugs.
        chaos, chaos_planted: of `make chaos`, in the same way.
    """
    parts = [TITLE, *_machines(simulation, chaos)]
    if simulation is not None:
        parts += _simulated(simulation)
    if chaos is not None:
        parts += _chaos(chaos)
    parts += _bounds(simulation, chaos)
    if planted is not None:
        parts += _planted(planted, chaos_planted)
    return "".join([*parts, NOT_TRIED])


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table: what is a number stands on the right."""
    shown = [[_shown(cell) for cell in row] for row in rows]
    right = [all(_is_number(row[i]) for row in shown) and any(row[i] != "-" for row in shown) for i in range(len(head))]
    rule = "|".join("---:" if is_right else "---" for is_right in right)
    return "\n".join([_line(head), f"|{rule}|", *map(_line, shown)]) + "\n"


def _is_number(text: str) -> bool:
    """Whether a cell is a number, or has none where the others have."""
    return text.replace(",", "").replace(".", "").isdigit() or text == "-"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _shown(cell: object) -> str:
    if isinstance(cell, bool) or cell is None:
        return "-"
    return f"{cell:,}" if isinstance(cell, int | float) else str(cell)


def _machines(*runs: Results | None) -> list[str]:
    """The facts of each run's machine."""
    there = [(name, run) for name, run in zip(RUNS, runs, strict=True) if run is not None]
    facts = list(dict.fromkeys(fact for _, run in there for fact in run["machine"]))
    rows = [["run on", *(run.get("date") or run["begun"] for _, run in there)]]
    rows += [
        [fact, *("-" if name == RUNS[0] and fact in SERVERS else run["machine"].get(fact, "-") for name, run in there)]
        for fact in facts
    ]
    return ["\n## Machine and versions\n", _table(["", *(name for name, _ in there)], rows)]


def _simulated(run: Results) -> list[str]:
    seconds_an_hour = 60 * 60
    last = run["first"] + run["seeds"] - 1
    figures = [
        ("seeds", f"{run['seeds']:,} ({run['first']:,} to {last:,})"),
        ("violations", len(run["violations"])),
        ("faults struck", sum(fault["struck"] for fault in run["faults"])),
        ("steps", run["steps"]),
        ("scans in the logs", run["scans"]),
        ("batches applied", run["batches"]),
        ("hours that went by in the worlds", round(run["simulated_s"] / seconds_an_hour)),
        ("hours of processor time", round(run["cpu_s"] / seconds_an_hour, 2)),
        ("minutes that the run took", round(run["took_s"] / 60, 1)),
        ("milliseconds of processor time a seed", round(1_000 * run["cpu_s"] / run["seeds"], 1)),
    ]
    parts = [SIMULATED.format(workers=run["workers"]), "\n", _table(["", ""], figures)]
    if run["violations"]:
        parts += ["\n", _table(["seed", "violation"], run["violations"].items())]
    faults = [(fault["fault"], fault["what"].splitlines()[0], fault["struck"]) for fault in run["faults"]]
    parts += ["\n", _table(["fault", "what happens", "struck"], faults)]
    if run.get("reached"):
        parts += [REACHED, "\n", _table(["state", "reached"], [(one["state"], one["times"]) for one in run["reached"]])]
    return parts


def _chaos(run: Results) -> list[str]:
    rows, recovery = [], []
    for row in run["rows"]:
        peak = max(row["worker_mib"], row["redis_mib"])
        counts = [*(row[name] for name in ("wanted", "struck", "scans", "parcels")), *_found(row)]
        rows.append([row["row"], *counts, peak, round(row["seconds"])])
        times = [row[name] or {} for name in ("recovery", "recovery_from_strike")]
        recovery.append([row["row"], *(found.get(name) for found in times for name in ("p50_s", "p99_s", "max_s"))])
    of_strike = [f"{name}, from its beginning" for name in ("p50", "p99", "max")]
    minutes = round(run["minutes"])
    return [
        CHAOS,
        f"\nSeed {run['seed']}, {len(run['rows'])} rows, {minutes:,} minutes.\n\n",
        _table(["row", "wanted", "struck", "scans", "parcels", *KINDS, "peak MiB", "seconds"], rows),
        *(f"\nIn {row['row']}: {_kinds(row['struck_by_kind'])}.\n" for row in run["rows"] if row["struck_by_kind"]),
        *_of_other_commits(run),
        *(f"\nFailed: {row['row']}: {why}\n" for row in run["rows"] for why in row["failures"]),
        "\nSeconds to recover, from the end of the fault and from its beginning:\n\n",
        _table(["row", "p50", "p99", "max", *of_strike], recovery),
    ]


def _found(row: Results) -> list[int]:
    """How many findings of each kind a row has. Rows that were kept earlier lack a kind that was not counted then."""
    return [row.get(kind, 0) for kind in KINDS]


def _of_other_commits(run: Results) -> Iterator[str]:
    """Rows that were run again by themselves."""
    for row in run["rows"]:
        if row["commit"] != run["machine"]["commit"]:
            yield f"\nOf commit {row['commit']}, seed {row['seed']}: {row['row']}.\n"


def _kinds(struck: Mapping[str, int]) -> str:
    return ", ".join(f"{kind} {times}" for kind, times in struck.items())


def _bounds(simulation: Results | None, chaos: Results | None) -> list[str]:
    trials: list[tuple[str, int, int]] = []
    if simulation is not None:
        struck = sum(fault["struck"] for fault in simulation["faults"])
        found = len(simulation["violations"])
        trials += [("a simulated world", simulation["seeds"], found), ("a strike in one", struck, found)]
    if chaos is not None:
        # A row may also fail by what the oracle does not count: a worker that fell, or a recovery that took too long.
        found = sum(max(sum(_found(row)), int(bool(row["failures"]))) for row in chaos["rows"])
        trials.append(("a strike at real processes", sum(row["struck"] for row in chaos["rows"]), found))
    rows = [(what, count, found, "not zero" if found or not count else _one_in(count)) for what, count, found in trials]
    bounds = "\n" + _table(["a trial is", "trials", "found", "below"], rows)
    text = BOUND.format(confidence=CONFIDENCE_PERCENT, three=RULE_OF_THREE, bounds=bounds)
    return [text.replace("\n\n\n", "\n\n")]


def _one_in(trials: int) -> str:
    return f"one in {trials // RULE_OF_THREE:,}"


def _planted(planted: Results, chaos_planted: Results | None) -> list[str]:
    """Each bug, what caught it in the simulation, and what caught it among real processes."""
    ran = [] if chaos_planted is None else chaos_planted["planted"]
    real = {one["bug"]: ", ".join(one["caught_by"]) or "**not caught**" for one in ran}
    rows = [
        [one["bug"].replace("_", " "), one["what"].splitlines()[0], *_caught(one), real.pop(one["bug"], "-")]
        for one in planted["planted"]
    ]
    rows += [[bug.replace("_", " "), "", None, "-", found] for bug, found in real.items()]
    caught = sum(one["seed"] is not None for one in planted["planted"])
    head = ["bug", "what it is", "seeds needed", "caught by the simulation as", "by real processes as"]
    told = f"{caught} of {len(planted['planted'])} caught by the simulation"
    if ran:
        told += f", {sum(bool(one['caught_by']) for one in ran)} of {len(ran)} by real processes"
    runs = [(name, run) for name, run in zip(RUNS, (planted, chaos_planted), strict=True) if run is not None]
    commits = ", ".join(f"{run['machine']['commit']} ({name})" for name, run in runs)
    return [PLANTED, f"\n{told}.\nOf commit {commits}.\n\n", _table(head, rows)]


def _caught(one: Results) -> tuple[int | None, str]:
    return (None, "**not caught**") if one["seed"] is None else (one["seeds"], one["kind"])
