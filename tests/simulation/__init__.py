"""A seeded world of log, store and workers, in which the worker's real code runs against a simulated clock and network."""
