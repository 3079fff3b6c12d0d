"""The reference model: docs/fold.md in plain, slow Python, which the compiled code is held against.

It was written from the specification and not from the code, and shares nothing with it but `tracker/limits.py`, the
reason codes of `tracker/errors.py` and the data files. Whoever changes a rule changes docs/fold.md first, then
this, then the code.

`scan.read` is section 1 of the specification, `parcel.Parcel` sections 2 and 3; `strategies` is what hypothesis draws
from.
"""
