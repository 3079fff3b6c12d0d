"""The pictures and tables of docs/architecture.md, made from the code; `python -m tests.architecture` writes them."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from tests.test_imports import ALLOWED, PACKAGE, SHARED, imports_of
from tracker.config import Settings
from tracker.domain import _parcel, _records, _resp, _scan, scan, vocabulary
from tracker.log import topics
from tracker.process.core.partition import Partition, State
from tracker.process.core.reason import Reason
from tracker.process.faust.fetch import WholeFetch
from tracker.process.faust.transport import BatchConsumer
from tracker.process.processor import Processor
from tracker.process.scans_log import ScansLog
from tracker.store import claims, keys
from tracker.store.claims import NO_COUNTERS, Applied, ApplyBatch, Claimed, Denied, Lost, Mark, StoredNames
from tracker.store.connection import Chain

ROOT: Final = PACKAGE.parent
PAGE: Final = ROOT / "docs" / "architecture.md"

Edges = Mapping[str, frozenset[str]]


def written(text: str) -> str:
    """The page with each block between `<!-- made: name -->` and `<!-- end -->` made anew."""

    def made(match: re.Match[str]) -> str:
        return f"{match[1]}\n{BLOCKS[match[2]]()}\n{match[3]}"

    return re.sub(r"(<!-- made: (\w+) -->)\n.*?(<!-- end -->)", made, text, flags=re.DOTALL)


def rooms() -> str:
    """Which room imports which; an import that another one brings along is left out, as those of what all may use."""
    edges = _reduced({room: used - SHARED for room, used in _imports().items() if room not in SHARED})
    lines = [f'    {room}["{_folder(room)}"]' for room in edges]
    arrows = [f"    {room} --> {used}" for room in edges for used in sorted(edges[room])]
    return _mermaid("flowchart TD", [*lines, *arrows])


def imports_table() -> str:
    """What each room is for, and what it imports beside those that all may use."""
    found = _imports()
    rows = [
        (
            f"`{_folder(room)}`",
            _first_sentence(room),
            _names(used - SHARED - {room}),
            "everything" if room == "cli" else _names(ALLOWED[room] - used - SHARED - {room}),
        )
        for room, used in found.items()
    ]
    return _table(("room", "what it is", "imports", "may import besides"), rows)


def way() -> str:
    """A batch of scans from Kafka to Redis, by the functions that it passes."""
    lines = [f"    participant {short} as {name}" for short, name in PARTICIPANTS.items()]
    for step in WAY:
        if isinstance(step, str):
            lines.append(f"    {step}")
        else:
            caller, called, function, says = step
            label = says if function is None else f"{_called(function)}: {says}"
            lines.append(f"    {caller}->>{called}: {label}")
    return _mermaid("sequenceDiagram", lines)


def _called(function: Callable[..., Any]) -> str:
    """A method by its class, a function by its module."""
    name = function.__qualname__
    return name if "." in name else f"{function.__module__.split('.')[-1]}.{name}"


PARTICIPANTS: Final = {
    "kafka": "Kafka",
    "faust": "process/faust",
    "runner": "process/runner",
    "core": "process/core",
    "domain": "domain, in ext/",
    "store": "store",
    "redis": "Redis",
}

Step = tuple[str, str, Callable[..., Any] | None, str]

WAY: Final[Sequence[Step | str]] = (
    ("faust", "kafka", BatchConsumer._getmany, "fetch"),
    ("kafka", "faust", None, "record batches of each partition"),
    ("faust", "runner", Processor.take, "each partition's fetches, in order"),
    ("runner", "faust", WholeFetch.walked, "walk"),
    ("faust", "domain", _records.walk, "checksums, compression, records"),
    "loop for each batch of at most 5,000 records",
    ("runner", "core", Partition.read, "read"),
    ("core", "domain", _scan.ScanReader.read, "JSON and barcodes become scans"),
    ("runner", "store", Chain.send_reads, "records that are not in the cache"),
    ("store", "redis", None, "MGET"),
    ("runner", "store", Chain.applied, "wait for the answer to the batch before"),
    ("redis", "store", None, "records, data, aliases"),
    ("runner", "core", Partition.fold, "fold"),
    ("core", "domain", _parcel.fold, "scans become records"),
    ("runner", "kafka", ScansLog.deliver, "dead letters, re-keyed scans, announcements"),
    ("kafka", "runner", None, "acknowledged by all in-sync replicas"),
    ("runner", "store", Chain.send_apply, "apply"),
    ("store", "domain", _resp.pack_writes, "one buffer of commands"),
    ("store", "redis", None, "MULTI ... EXEC, WATCH, HMGET mark"),
    "end",
    ("redis", "store", None, "the answer, while the next batch is read"),
    ("store", "store", claims.apply_answer, "landed or lost"),
    ("runner", "core", Partition.answered, "go on, or claim again"),
)
"""(who calls, who is called, the function if there is one, what for); a text is a line of the diagram."""


def states() -> str:
    """The states of a partition, found by doing to one in each state all that its runner does to it there."""
    found: dict[tuple[str, str], list[str]] = {}
    for state, doings in DOINGS.items():
        for says, do in doings.items():
            partition = _in(state)
            do(partition)
            if partition.state is not state:
                found.setdefault((state, partition.state), []).append(says)
    lines = [f"    {source} --> {target} : {', '.join(says)}" for (source, target), says in found.items()]
    return _mermaid("stateDiagram-v2", [f"    [*] --> {State.IDLE}", *lines])


_READER: Final = scan.reader(vocabulary.load(), {})
_CLAIMED: Final = Claimed(Mark(1, 10), NO_COUNTERS)
_NAMES: Final = StoredNames([], [])
_BATCH: Final = ApplyBatch(10, 20, {}, {}, frozenset(), (), (), NO_COUNTERS)
_REASON: Final = Reason("any", "corrupt_batch")

DOINGS: Final[Mapping[State, Mapping[str, Callable[[Partition], object]]]] = {
    State.IDLE: {"assigned": Partition.claim},
    State.CLAIMING: {
        "claimed": lambda partition: partition.claimed(_CLAIMED, _NAMES, 0, 100),
        "log moved": lambda partition: partition.claimed(_CLAIMED, _NAMES, 11, 100),
        "corrupt dictionary": lambda partition: partition.claimed(_CLAIMED, StoredNames([], [], "any"), 0, 100),
        "denied": lambda partition: partition.denied(Denied("wrong_log", "one", "another")),
        "revoked": Partition.revoked,
    },
    State.RUNNING: {
        "landed": lambda partition: partition.answered(Applied(), _BATCH),
        "batch lost": lambda partition: partition.answered(Lost("any"), _BATCH),
        "connection lost": lambda partition: partition.lost(_REASON),
        "corrupt or large": lambda partition: partition.stop(_REASON),
        "revoked": Partition.revoked,
    },
    State.STOPPED: {
        "connection lost": lambda partition: partition.lost(_REASON),
        "mark changed": Partition.claim,
        "revoked": Partition.revoked,
    },
}


def _in(state: State) -> Partition:
    """A partition in a state."""
    partition = Partition("scans", 0, 64, _READER, 0)
    if state is not State.IDLE:
        partition.claim()
    if state is State.RUNNING:
        partition.claimed(_CLAIMED, _NAMES, 0, 100)
    if state is State.STOPPED:
        partition.stop(_REASON)
    assert partition.state is state
    return partition


def redis_keys() -> str:
    """What stands in Redis, as the top of keys.py lays it out."""
    _, _, layout = str(keys.__doc__).partition("\n\n")
    rows: list[list[str]] = []
    for line in layout.splitlines():
        if line.startswith("t:"):
            name, kind, holds = line.split(None, 2)
            rows.append([f"`{name}`", kind, _escaped(holds)])
        elif line.strip():
            rows[-1][2] += f" {_escaped(line.strip())}"
    return _table(("key", "type", "holds"), rows)


def kafka_topics() -> str:
    """The topics as `tracker init` makes them without any setting."""
    rows = [
        (f"`{want.topic}`", str(want.partitions), ", ".join(f"`{name}={value}`" for name, value in want.config.items()))
        for want in topics.wanted(Settings())
    ]
    return _table(("topic", "partitions", "settings"), rows)


def extensions() -> str:
    """Which compiled module takes which headers, and which headers those take."""
    edges: dict[str, frozenset[str]] = {}
    for source in sorted((ROOT / "ext").glob("*.p[yx]*")):
        if source.suffix in {".pyx", ".pxd"}:
            taken = re.findall(r"^from (\w+) cimport", source.read_text("utf-8"), re.MULTILINE)
            edges[source.name] = frozenset(f"{name}.pxd" for name in taken)
    lines = [f'    {_node(name)}["{name}"]' for name in edges]
    arrows = [f"    {_node(name)} --> {_node(used)}" for name, all_used in edges.items() for used in sorted(all_used)]
    return _mermaid("flowchart LR", [*lines, *arrows])


BLOCKS: Final[Mapping[str, Callable[[], str]]] = {
    made.__name__: made for made in (rooms, imports_table, way, states, redis_keys, kafka_topics, extensions)
}


def _imports() -> Edges:
    """Room -> the rooms that it imports; those that all may use first, then each after what it uses, `cli` last."""
    used = {
        room: frozenset(name.split(".")[1] for name in imports_of(room) if name.startswith("tracker."))
        for room in (*ALLOWED, "cli")
    }
    return {room: used[room] & used.keys() for room in used}


def _reduced(edges: Edges) -> dict[str, frozenset[str]]:
    """The edges without those that a longer way stands for."""

    def reached(room: str) -> frozenset[str]:
        direct = edges[room] - {room}
        return direct.union(*(reached(used) for used in direct))

    return {
        room: frozenset(
            used for used in all_used - {room} if not any(used in reached(other) for other in all_used - {room, used})
        )
        for room, all_used in edges.items()
    }


def _folder(room: str) -> str:
    return f"tracker/{room}/" if (PACKAGE / room).is_dir() else f"tracker/{room}.py"


def _first_sentence(room: str) -> str:
    return str(import_module(f"tracker.{room}").__doc__).split("\n")[0]


def _names(some: Iterable[str]) -> str:
    return ", ".join(sorted(some)) or "-"


def _escaped(text: str) -> str:
    """Text that is no HTML in a page."""
    return text.replace("<", "&lt;")


def _node(name: str) -> str:
    return name.replace(".", "_")


def _mermaid(kind: str, lines: Iterable[str]) -> str:
    return "\n".join(["```mermaid", kind, *lines, "```"])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(_lines(head, rows))


def _lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


if __name__ == "__main__":
    Path(PAGE).write_text(written(PAGE.read_text("utf-8")), "utf-8")
