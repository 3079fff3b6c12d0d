"""Damaged inputs for the compiled readers, which are built with sanitizers: `python -m tests.fuzz`, or `make fuzz`.

AddressSanitizer sees what is read past an end, UndefinedBehaviorSanitizer what C leaves open; both end the run with a
report. A run is drawn from a seed, so that it can be repeated.
"""
