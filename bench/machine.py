"""The facts of the machine, which every figure stands beside."""

import os
import platform
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil

from tests.servers import Kafka, Redis, UnavailableError

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ("bench/results.json", "docs/proof.md", "tests/proof/*.json")  # what a run writes says nothing of what ran


def facts() -> dict[str, str]:
    """CPU, cores, memory, system, versions and commit."""
    return {
        "cpu": _cpu(),
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "kafka": _or_why_not(Kafka.version),
        "redis": _or_why_not(Redis.version),
        "commit": _commit(),
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _or_why_not(version: Callable[[], str]) -> str:
    try:
        return version()
    except UnavailableError as error:
        return f"not there ({error})"


def _commit() -> str:
    """The commit, and whether files under version control other than results differ from it."""
    ran = [".", *(f":(exclude){result}" for result in RESULTS)]
    try:
        commit = _git("rev-parse", "--short=12", "HEAD").strip()
        return f"{commit} with changes" if _git("status", "--porcelain", "--untracked-files=no", "--", *ran) else commit
    except (OSError, subprocess.CalledProcessError):
        return "not known"


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout
