"""The proof that nothing is lost and nothing doubled: docs/proof.md, written from results that are kept here.

`make simulate-faults` and `make chaos` keep what a full run came to, in a file each, and write the page anew;
`python -m tests.proof` writes it from the files alone.
"""
