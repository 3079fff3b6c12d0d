"""A socket over TLS that does what paho-mqtt leaves out."""

import ssl


class TlsSocket(ssl.SSLSocket):
    """Closes what paho-mqtt leaves open after a handshake that failed, and keeps the error that it does not tell.

    With TLS 1.3 a broker refuses a certificate after the handshake.
    """

    broken: ssl.SSLError | None = None

    def do_handshake(self, block: bool = False) -> None:
        """Shakes hands, and closes where that fails."""
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """Reads, and keeps the error where TLS fails."""
        try:
            return super().recv(buflen, flags)
        except ssl.SSLWantReadError:
            raise
        except ssl.SSLError as error:
            self.broken = error
            raise
