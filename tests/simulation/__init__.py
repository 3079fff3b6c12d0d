"""A seeded world of log, store and workers, in which the worker's real code runs on simulated time and network."""
