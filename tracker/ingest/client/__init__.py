"""Sends scans to a gateway over HTTP: each batch until it is answered, under one key, so that it is taken once.

`Client` is plain, for a thread; `AsyncClient` is for an event loop and needs aiohttp:

    with Client("https://gateway:8080", "ptk_...") as client:
        result = client.send([{"barcode": "RR123456785KZ", "event": "ARRIVED", "time": "2026-11-22T10:15:30+05:00"}])
    result.accepted, result.rejected

Importing this loads the standard library only. docs/gateway.md says what a gateway answers.
"""

from typing import TYPE_CHECKING

from tracker.ingest.client.answers import RefusedError, Rejected, Result, UnreachableError
from tracker.ingest.client.batches import Scan
from tracker.ingest.client.plain import Client

if TYPE_CHECKING:
    from tracker.ingest.client.aio import AsyncClient

__all__ = ["AsyncClient", "Client", "RefusedError", "Rejected", "Result", "Scan", "UnreachableError"]


def __getattr__(name: str) -> object:
    """Loads the client for an event loop when somebody wants it: aiohttp takes a quarter of a second."""
    if name != "AsyncClient":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from tracker.ingest.client.aio import AsyncClient  # noqa: PLC0415

    return AsyncClient
