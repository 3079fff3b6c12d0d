"""`python -m tracker.cli` is the command `tracker`."""

from tracker.cli.main import main

main()
