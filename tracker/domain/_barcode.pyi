API: object
"""Capsule of the functions that ext/barcode.pxd declares."""

class Site:
    capsule: object
    """Capsule of what those functions take as a site."""

    def __init__(self, first: tuple[str, ...], off: tuple[str, ...]) -> None: ...
    def recognise_batch(self, reads: list[bytes]) -> tuple[list[bytes | None], bytes, bytes]: ...
    def read_all(
        self, reads: list[bytes]
    ) -> tuple[int, bytes, int, int, list[bytes], list[tuple[int, int, int, bytes]]]: ...
