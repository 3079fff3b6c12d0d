"""An HTTP server that answers what a test has written down for it."""

import contextlib
import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from tests.servers import Certificate


class Answer(NamedTuple):
    """An answer.

    Attributes:
        status: 0 closes the connection instead.
        body: as bytes, or as what becomes JSON.
        headers: beside the usual ones.
    """

    status: int
    body: Any = b""
    headers: Mapping[str, str] = {}


class Request(NamedTuple):
    """A request that came."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def lines(self) -> list[bytes]:
        """The scans of its body."""
        return self.body.split(b"\n")


class Scripted:
    """Answers one after the other; without any left, takes everything.

    Attributes:
        url: of it.
        answers: that are left.
        requests: that came.
    """

    def __init__(self, port: int, scheme: str) -> None:
        self.url = f"{scheme}://127.0.0.1:{port}"
        self.answers: list[Answer] = []
        self.requests: list[Request] = []

    def next(self, request: Request) -> Answer:
        self.requests.append(request)
        if self.answers:
            return self.answers.pop(0)
        return Answer(200, {"accepted": len(request.lines), "rejected": []})


@contextlib.contextmanager
def scripted(certificate: Certificate | None = None) -> Iterator[Scripted]:
    """A server, over TLS if it has a certificate."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = served.next(Request(self.path, headers, self.rfile.read(length)))
            if not answer.status:
                self.close_connection = True
                return
            body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(body)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A handshake that failed is meant to."""

    with Server(("127.0.0.1", 0), Handler) as server:
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.certificate, certificate.key)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        served = Scripted(server.server_address[1], "https" if certificate else "http")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield served
        server.shutdown()
        thread.join()
