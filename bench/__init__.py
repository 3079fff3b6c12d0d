"""Benchmarks: `python -m bench` measures every bar that the project has set itself, with the machine's facts."""
