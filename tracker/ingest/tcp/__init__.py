"""Readers over TCP: what they send, as industrial readers send it, becomes scans.

`framing`, `layout` and `reading` are pure. `connection` and `server` have the sockets.
"""
