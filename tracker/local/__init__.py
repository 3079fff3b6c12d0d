"""Runs everything on this machine, with no service installed: embedded servers, `tracker up`, the demo."""
