"""What a program or a person is told of parcels and barcodes.

Answers are plain data: `find`, `show`, `why`, `export`, `barcodes`. None of them knows a terminal or a web server, and
none opens a connection: what they ask of the store are queries, which the caller's reader runs. `views/` turns answers
into text for a terminal.
"""
