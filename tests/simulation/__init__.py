"""Seeded worlds of log, store and workers: the worker's real code runs there on a simulated clock and network."""
