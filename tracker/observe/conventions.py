"""What the metrics of every process have in common: which version runs, what the process takes, labels from outside."""

import platform
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry, Info, ProcessCollector, disable_created_metrics

# A second series beside each counter that nobody asks for: Prometheus knows when a process began.
disable_created_metrics()  # type: ignore[no-untyped-call]


def new_registry() -> CollectorRegistry:
    """Gives a registry that tells which version runs, and what the process takes of processor and memory."""
    registry = CollectorRegistry()
    runs = {"version": own_version(), "python": platform.python_version()}
    Info("tracker_build", "What runs.", registry=registry).info(runs)
    ProcessCollector(registry=registry)
    return registry


def label(name: bytes) -> str:
    """A name from outside as a label, with the numbers of characters that can't be seen or turn the writing round."""
    text = name.decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)


def own_version() -> str:
    """Gives the version that runs, `unknown` where it is not installed."""
    try:
        return version("parcel-tracker")
    except PackageNotFoundError:  # Run from a folder that is not installed.
        return "unknown"
