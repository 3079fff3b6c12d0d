"""Every key of a table `[[tcp]]`, once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from tracker import limits
from tracker.config import Address
from tracker.ingest import values
from tracker.ingest.tables import setting
from tracker.ingest.tcp import checksums, measures, notation
from tracker.ingest.tcp.frames import Covered, Framing, length_form
from tracker.ingest.tcp.layout import FIELDS, Layout
from tracker.ingest.tcp.measures import GRAMS, MILLIMETRES, Clock, Units
from tracker.ingest.tcp.reading import Origin
from tracker.ingest.values import Network

_BYTES: Final = "bytes"


def _columns(value: object) -> tuple[tuple[int, int], ...]:
    form = "columns, counted from 1: [[1, 13], [14, 20]]"
    found = []
    for pair in value if isinstance(value, list) else [None]:
        if not isinstance(pair, list) or len(pair) != 2 or not all(type(one) is int for one in pair):
            raise ValueError(form)
        first, last = pair
        if not 1 <= first <= last <= limits.TCP_FRAME_BYTES_LIMIT:
            raise ValueError(form)
        found.append((first - 1, last))
    return tuple(found)


def _fields(value: object) -> tuple[str, ...]:
    names = values.texts(value)
    known = [name for name in names if name]
    if len(set(known)) != len(known) or not all(map(_is_field, known)) or not {"barcodes", "epc"} & set(known):
        raise ValueError(f"each once of {', '.join(FIELDS)}, data.NAME, and empty ones; barcodes or epc among them")
    return names


def _is_field(name: str) -> bool:
    return name in FIELDS or (name.startswith("data.") and name[5:].isidentifier())


def _paths(value: object) -> tuple[tuple[str, str], ...]:
    table = value if isinstance(value, dict) else {"": ""}
    if not all(_is_field(name) and isinstance(path, str) and path for name, path in table.items()):
        raise ValueError('names of fields with their paths: { barcodes = "data.code", time = "timestamp" }')
    return tuple(table.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """A listener for readers over TCP, or a reader that is connected to."""

    name: str = setting(
        values.name, "by which metrics, logs and budgets know it; another one than that of any other source", "a name"
    )
    preset: str = setting(values.text(64), "takes what is not given from this preset", "a name of a preset", "")
    listen: Address | None = setting(values.address, "where readers connect to", "host:port", "")
    connect: Address | None = setting(values.address, "the reader that is connected to", "host:port", "")

    site: str = setting(values.text(limits.SITE_BYTES_MAX), "the site of each scan", "a site")
    device: str = setting(
        values.text(limits.DEVICE_BYTES_MAX), "the device of each scan; else the name", "a device", ""
    )
    event: str = setting(values.text(limits.CODE_CHARS_MAX * 2), "the event of each scan", "ARRIVED, VOCABULARY:CODE")

    start: bytes = setting(notation.parsed, "before each frame", _BYTES, "")
    end: bytes = setting(notation.parsed, "behind each frame", _BYTES, "")
    end_pause_ms: int = setting(
        values.whole(0, 10_000), "a frame ends when nothing has come for so long", "milliseconds", 0
    )
    length: str = setting(
        length_form, "a field that says how long the content is", "ascii:WIDTH, big:WIDTH, little:WIDTH", ""
    )
    length_skip: int = setting(values.whole(0, 64), "bytes between the start bytes and that field", "a number", 0)
    length_adds: int = setting(
        values.whole(-64, 64), "what is added to its value, for all that follows but the end bytes", "a number", 0
    )
    json: bool = setting(values.flag, "a frame is a JSON object or an array of them", "true, false", default=False)
    ignore: bytes = setting(
        notation.parsed, "may stand between frames and before the end bytes, in any number", _BYTES, "<CR><LF>"
    )
    frame_bytes_max: int = setting(
        values.whole(16, limits.TCP_FRAME_BYTES_LIMIT), "length of a frame", "bytes", limits.TCP_FRAME_BYTES_MAX
    )

    checksum: str = setting(
        values.one_of("", *checksums.CHECKSUMS), "checksum of each frame", ", ".join(checksums.CHECKSUMS), ""
    )
    checksum_form: str = setting(
        values.one_of(*checksums.FORMS), "how it is written", ", ".join(checksums.FORMS), checksums.FORMS[0]
    )
    checksum_over: Covered = setting(
        values.one_of("data", "data+end", "start+data", "start+data+end"),
        "what it covers",
        "data, data+end, start+data, start+data+end",
        "data",
    )
    checksum_after_end: bool = setting(values.flag, "it stands behind the end bytes", "true, false", default=False)

    encoding: str = setting(
        values.one_of("latin-1", "utf-8"), "of texts; latin-1 keeps any byte as it is", "latin-1, utf-8", "latin-1"
    )
    separator: bytes = setting(notation.parsed, "between fields; none: the whole frame is `barcodes`", _BYTES, "")
    columns: tuple[tuple[int, int], ...] = setting(
        _columns, "first and last character of each field, from 1, instead of a separator", "[[1, 13], [14, 20]]", []
    )
    fields: tuple[str, ...] = setting(
        _fields, "the fields in their order", '["sequence", "barcodes", ""]', ["barcodes"]
    )
    fields_min: int = setting(values.whole(1, 256), "a frame with fewer fields is bad", "a number", 1)
    paths: tuple[tuple[str, str], ...] = setting(
        _paths, "with `json`: the path of each field", '{ barcodes = "data.code" }', {}
    )
    code_separator: bytes = setting(notation.parsed, "between the codes of a frame", _BYTES, "")
    each_code: bool = setting(
        values.flag, "each code of a frame is a parcel; else they are labels of one", "true, false", default=False
    )
    no_reads: tuple[bytes, ...] = setting(
        notation.several,
        "what the reader sends where it could not read",
        "several bytes",
        ["NoRead", "NOREAD", "NO-READ", "NO READ", "NR", "ERROR", "?"],
    )
    heartbeats: tuple[bytes, ...] = setting(
        notation.several, "content of frames that only say that the reader is there", "several bytes", []
    )
    silence_s: int = setting(
        values.whole(0, 86_400), "without any frame for so long, the reader counts as silent; 0: never", "seconds", 0
    )

    time_form: str = setting(
        measures.form, "how times are written", "iso, epoch_ms, epoch_s, or as %d.%m.%Y %H:%M:%S", measures.ISO
    )
    zone: ZoneInfo | None = setting(
        values.zone, "the zone of times without one; else that of the site, by TRACKER_SITE_ZONES", "Asia/Almaty", ""
    )
    weight_unit: str = setting(values.one_of(*GRAMS), "of weights, where the frame says none", ", ".join(GRAMS), "g")
    weight_factor: float = setting(values.factor, "what weights are multiplied by", "a number", 1)
    size_unit: str = setting(
        values.one_of(*MILLIMETRES), "of sizes, where the frame says none", ", ".join(MILLIMETRES), "mm"
    )
    size_factor: float = setting(values.factor, "what sizes are multiplied by", "a number", 1)
    sequence_unique: bool = setting(
        values.flag, "the sequence number never comes again, after a restart neither", "true, false", default=False
    )
    resend_s: int = setting(
        values.whole(0, 86_400),
        "a frame with the same sequence number and content is the same one for so long",
        "seconds",
        300,
    )

    ack: tuple[bytes, ...] = setting(
        notation.answer, "the answer once the scans of a frame are safe; none if empty", "bytes, {sequence}", ""
    )
    nak: tuple[bytes, ...] = setting(
        notation.answer, "the answer to a bad frame, and when scans can't be taken now", "bytes, {sequence}", ""
    )
    rejected_answer: str = setting(
        values.one_of("ack", "nak"),
        "the answer to a frame with a scan that was rejected, and kept as such",
        "ack, nak",
        "ack",
    )
    heartbeat_answer: tuple[bytes, ...] = setting(notation.answer, "the answer to a heartbeat", "bytes", "")
    hello: bytes = setting(notation.parsed, "what is sent to a reader when it is connected", _BYTES, "")

    allow: tuple[Network, ...] = setting(values.networks, "who may connect; else anybody", '["10.0.0.0/8"]', [])
    connections: int = setting(
        values.whole(1, limits.TCP_CONNECTIONS_LIMIT), "how many connections are held at once", "a number", 64
    )
    connections_per_host: int = setting(
        values.whole(1, limits.TCP_CONNECTIONS_LIMIT),
        "how many of one address; beyond that its longest silent one is closed for the new one",
        "a number",
        4,
    )
    frame_s: int = setting(
        values.whole(1, 3_600), "how long a frame may take from its first byte to its last", "seconds", 10
    )
    idle_s: int = setting(
        values.whole(0, 86_400), "a connection without any byte for so long is closed; 0: never", "seconds", 0
    )

    tls: bool = setting(values.flag, "over TLS", "true, false", default=False)
    certificate: Path | None = setting(values.file, "the certificate that is shown, PEM", "a file", "")
    key: Path | None = setting(values.file, "its private key, PEM", "a file", "")
    key_password_file: Path | None = setting(values.file, "holds the password of that key in one line", "a file", "")
    ca: Path | None = setting(
        values.file,
        "authorities of the other side: readers must show a certificate then; a reader's is checked with it",
        "a file",
        "",
    )

    @property
    def framing(self) -> Framing:
        """Where its frames begin and end."""
        return Framing(
            start=self.start,
            end=self.end,
            pauses=self.end_pause_ms > 0,
            length=self.length,
            length_skip=self.length_skip,
            length_adds=self.length_adds,
            ignored=self.ignore,
            bytes_max=self.frame_bytes_max,
            checksum=self.checksum,
            checksum_form=self.checksum_form,
            checksum_over=self.checksum_over,
            checksum_after_end=self.checksum_after_end,
        )

    @property
    def layout(self) -> Layout:
        """What stands where in its frames."""
        return Layout(
            encoding=self.encoding,
            separator=self.separator.decode("latin-1"),
            columns=self.columns,
            fields=self.fields,
            fields_min=self.fields_min,
            code_separator=self.code_separator.decode("latin-1"),
            paths=dict(self.paths),
        )

    @property
    def origin(self) -> Origin:
        """Whose its scans are."""
        return Origin(
            site=self.site,
            device=self.device or self.name,
            event=self.event,
            no_reads=frozenset(text.decode("latin-1") for text in self.no_reads),
            heartbeats=frozenset(self.heartbeats),
            each_code=self.each_code,
            unique_sequence=self.sequence_unique,
            resend_s=self.resend_s,
        )

    @property
    def units(self) -> Units:
        """In which units its readers measure."""
        return Units(
            weight=self.weight_unit, weight_factor=self.weight_factor, size=self.size_unit, size_factor=self.size_factor
        )

    @property
    def clock(self) -> Clock:
        """How its readers write times."""
        return Clock(form=self.time_form, zone=self.zone)
