"""TLS to Redis that keeps little memory for each connection.

A worker has a connection for each partition, and the event loop's own TLS keeps a buffer of 256 KiB for each, asyncio's
as uvloop's. Here all connections of a thread decrypt into the same one, and little goes through OpenSSL at once, whose
buffers keep the size that they once had.
"""

import ssl
from collections.abc import Callable
from typing import Final, cast

PIECE_BYTES: Final = 4 * 1024
"""Encrypted or decrypted at once. With 16 KiB, the longest TLS record, a connection takes 30 KiB more."""


class TlsLayer:
    """TLS between a connection's bytes and a program's, without any input or output of its own.

    Args:
        context: of the connection.
        host: that the server's certificate must be for.
        plain: a buffer, into which is decrypted; other connections may use it too.
        received: is given what is decrypted, and must have taken it when it returns.

    Attributes:
        established: whether the handshake is done, as far as this side can tell: the server may still refuse us.

    Every method gives what is to be sent, and raises ssl.SSLError.
    """

    def __init__(
        self, context: ssl.SSLContext, host: str, plain: memoryview, received: Callable[[memoryview], None]
    ) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._layer = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._plain = plain
        self._received = received
        self.established = False

    def begin(self) -> bytes:
        """Begins the handshake."""
        self._shake_hands()
        return self._outgoing.read()

    def feed(self, came: memoryview) -> bytes:
        """Takes bytes that came from the server."""
        for begin in range(0, len(came), PIECE_BYTES):
            self._incoming.write(came[begin : begin + PIECE_BYTES])
            if not self.established:
                self._shake_hands()
            if self.established:
                self._decrypt()
        return self._outgoing.read()

    def encrypt(self, part: memoryview) -> bytes:
        """Encrypts at most PIECE_BYTES, once the handshake is done."""
        self._layer.write(part)
        return self._outgoing.read()

    def _shake_hands(self) -> None:
        try:
            self._layer.do_handshake()
        except ssl.SSLWantReadError:
            return
        self.established = True

    def _decrypt(self) -> None:
        try:
            while count := cast("int", self._layer.read(len(self._plain), self._plain)):
                self._received(self._plain[:count])
        except ssl.SSLWantReadError:
            pass
