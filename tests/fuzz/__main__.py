"""Feeds damaged inputs to the compiled readers. `make fuzz`; ARGS="--count 1000000 --seed 2"."""

import argparse
import secrets
import sys
import time

from tests.fuzz import build

COUNT = 10_000_000


def inside(count: int, seed: int, only: str) -> None:
    """Runs on the modules with sanitizers, which end the process when they find something."""
    from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - needs those modules

    total, began = 0, time.perf_counter()
    chosen = [target for target in TARGETS if only in target.name]
    for target in chosen:
        share = count * target.share // sum(each.share for each in chosen)
        started = time.perf_counter()
        outcome = target.feed(seed, share)
        took = time.perf_counter() - started
        sys.stdout.write(f"{target.name:32}{share:12,} inputs {share / took:12,.0f}/s   {outcome}\n")
        sys.stdout.flush()
        total += share
    sys.stdout.write(f"fuzz: {total:,} inputs in {time.perf_counter() - began:.0f} s, no report (--seed {seed})\n")


def main() -> int:
    """Builds the modules with sanitizers, and runs."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help=f"inputs; {COUNT:,} by default")
    parser.add_argument("--seed", type=int, help="drawn, and printed, by default")
    parser.add_argument("--only", default="", help="only readers whose name has this in it")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    seed = secrets.randbelow(1_000_000) if arguments.seed is None else arguments.seed
    if arguments.inside:
        inside(arguments.count, seed, arguments.only)
        return 0
    try:
        build.libraries()
    except build.NoSanitizerError as error:
        sys.stderr.write(f"fuzz: {error}\n")
        return 1
    build.build()
    ended = build.run_inside("--count", str(arguments.count), "--seed", str(seed), "--only", arguments.only)
    if ended.returncode:
        sys.stderr.write(f"fuzz: ended with {ended.returncode}; the same again with --seed {seed}\n")
    return int(ended.returncode != 0)


if __name__ == "__main__":
    sys.exit(main())
