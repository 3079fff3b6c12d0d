"""Tests of the project; each folder mirrors one of `tracker/`."""
