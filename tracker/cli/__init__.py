"""The command line: `tracker.cli.main`, and a module for each family of commands."""
