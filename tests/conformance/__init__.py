"""Test vectors of others, run against tracker: `python -m tests.conformance` prints how many of each set pass."""

from pathlib import Path

VECTORS = Path(__file__).resolve().parents[2].parent / "shared" / "conformance"
"""Where they are. They keep licences of their own and are no part of this repository."""
