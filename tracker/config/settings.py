"""The table of settings, and the names and texts of each."""

from collections.abc import Callable
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from tracker.config import forms, secrets
from tracker.config.forms import Address
from tracker.config.redis import redis_url
from tracker.config.secrets import MASK, Secret, masked
from tracker.limits import INFLATED_BYTES_MAX, PARTITIONS_MAX

PREFIX: Final = "TRACKER_"
FILE_SUFFIX: Final = "_FILE"

GATEWAY: Final = "gateway"
SENDER: Final = "sender"
WORKER: Final = "worker"
"""Processes that have settings of their own; a sender sends scans to a gateway."""


def _setting(
    default: str,
    parse: Callable[[str], Any],
    meaning: str,
    unit: str = "",
    *,
    secret: bool = False,
    in_file: bool = False,
    only: str = "",
) -> Any:  # noqa: ANN401
    """A line of the table.

    Args:
        default: in the form of the environment.
        parse: makes a value of a text, or raises ValueError with what it expects.
        meaning: a phrase.
        unit: of the value, or its form.
        secret: whether it is never shown and never a flag. A file may hold it, which a variable or a flag names.
        in_file: whether a file may hold it, though it is no secret as a whole, such as a URL with a password.
        only: the process that alone uses it; empty where several do.
    """
    about = {"default": default, "parse": parse, "meaning": meaning, "unit": unit, "only": only}
    return field(default=parse(default), metadata=about | {"secret": secret, "in_file": secret or in_file})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one run. Made by `load`; a test may make its own."""

    kafka: str = _setting("127.0.0.1:9092", forms.addresses, "Kafka's brokers", "host:port,...")
    kafka_security: str = _setting(
        "plaintext",
        forms.one_of("plaintext", "ssl", "sasl_plaintext", "sasl_ssl"),
        "how Kafka's brokers are reached",
        "plaintext|ssl|sasl_plaintext|sasl_ssl",
    )
    kafka_ca: Path | None = _setting(
        "",
        forms.certificate,
        "certificates of the authorities that Kafka's is checked with, PEM; else the system's",
        "file",
    )
    kafka_certificate: Path | None = _setting("", forms.certificate, "the certificate that Kafka is shown, PEM", "file")
    kafka_key: Path | None = _setting("", forms.private_key, "the private key of that certificate, PEM", "file")
    kafka_key_password: Secret | None = _setting("", secrets.parsed, "the password of that key", secret=True)
    kafka_sasl: str = _setting(
        "",
        forms.one_of("", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"),
        "how Kafka is logged in to",
        "PLAIN|SCRAM-SHA-256|SCRAM-SHA-512|OAUTHBEARER",
    )
    kafka_user: str = _setting("", forms.line, "the user of Kafka, with PLAIN or SCRAM")
    kafka_password: Secret | None = _setting("", secrets.parsed, "the password of that user", secret=True)
    kafka_token_file: Path | None = _setting(
        "", forms.existing_file, "holds the token for OAUTHBEARER; read again when it is about to expire", "file"
    )
    kafka_token_command: str = _setting(
        "", forms.command, "prints the token for OAUTHBEARER; run again when it is about to expire", "command"
    )
    redis: str = _setting(
        "redis://127.0.0.1:6379/0", redis_url, "the Redis that holds the parcels", "URL", in_file=True
    )
    redis_user: str = _setting("", forms.line, "the user of Redis; else the URL's, else Redis' own `default`")
    redis_password: Secret | None = _setting("", secrets.parsed, "the password of that user", secret=True)
    redis_ca: Path | None = _setting(
        "",
        forms.certificate,
        "certificates of the authorities that Redis' is checked with, PEM; else the system's",
        "file",
    )
    redis_certificate: Path | None = _setting("", forms.certificate, "the certificate that Redis is shown, PEM", "file")
    redis_key: Path | None = _setting("", forms.private_key, "the private key of that certificate, PEM", "file")
    redis_key_password: Secret | None = _setting("", secrets.parsed, "the password of that key", secret=True)
    redis_sentinel_user: str = _setting("", forms.line, "the user of Redis' Sentinels")
    redis_sentinel_password: Secret | None = _setting("", secrets.parsed, "the password of that user", secret=True)
    topic: str = _setting("scans", forms.topic, "the topic that scans are read from")
    rejected_topic: str = _setting("scans.rejected", forms.topic, "the topic that refused scans go to")
    keys_topic: str = _setting("tracker.keys", forms.topic, "the topic that holds the device keys of the gateways")
    partitions: int = _setting("64", forms.whole(1, PARTITIONS_MAX), "partitions of the topic of scans, chosen once")
    replication: int = _setting("1", forms.whole(1, 32), "copies of each partition that `tracker init` asks for")
    group: str = _setting("tracker", forms.topic, "the consumer group of the workers")
    vocabularies: Path | None = _setting(
        "", forms.existing_folder, "vocabularies beside or over the shipped ones", "folder"
    )
    site_zones: Path | None = _setting(
        "", forms.existing_file, "the time zone of each site, for times without one", "file"
    )
    barcode_first: tuple[str, ...] = _setting(
        "", forms.names, "carriers whose barcodes are the own ones and name the parcel", "name,..."
    )
    barcodes_off: tuple[str, ...] = _setting(
        "", forms.names, "formats, or carriers, whose barcodes are not read", "name,..."
    )
    barcode_separators: tuple[str, ...] = _setting(
        "", forms.texts, "how devices write the GS of a barcode, if not as GS: ~ or {GS}", "text,..."
    )
    retention_hours: int = _setting("168", forms.whole(1, 87_600), "how long Kafka keeps a scan", "hours")
    final_ttl_days: int = _setting(
        "400",
        forms.whole(1, 3_650),
        "how long Redis keeps a parcel after its final state, and another label after it was read",
        "days",
    )
    cache_parcels: int = _setting("200000", forms.whole(0, 100_000_000), "records that a worker keeps in memory in all")
    fetch_bytes: int = _setting(
        "1048576", forms.whole(1_024, 1 << 30), "the most that is fetched of a partition at once", "bytes"
    )
    fetch_wait_ms: int = _setting(
        "500", forms.whole(1, 60_000), "how long a broker may hold an answer that has no scan in it", "milliseconds"
    )
    inflate_bytes: int = _setting(
        str(INFLATED_BYTES_MAX),
        forms.whole(1_048_576, 1 << 30),
        "the most that the records of one compressed batch may take",
        "bytes",
    )
    session_timeout_s: int = _setting(
        "10", forms.whole(6, 1_800), "silence after which a worker counts as dead", "seconds"
    )
    start_timeout_s: int = _setting(
        "60", forms.whole(0, 86_400), "how long a worker waits at its start for Kafka and Redis", "seconds"
    )
    monitor: Address | None = _setting(
        "127.0.0.1:9464",
        forms.address_or_off,
        "where a worker serves /metrics, /healthz, /livez and /readyz",
        "host:port|off",
    )
    sources: Path | None = _setting(
        "",
        forms.existing_file,
        "what the gateway listens to and connects to, beside HTTP (docs/tcp.md, docs/mqtt.md)",
        "file",
        only=GATEWAY,
    )
    http: Address | None = _setting(
        "127.0.0.1:8080",
        forms.address_or_off,
        "where the gateway takes scans over HTTP",
        "host:port|off",
        only=GATEWAY,
    )
    http_certificate: Path | None = _setting(
        "",
        forms.certificate,
        "the certificate that the gateway shows over HTTPS, PEM; none: plain HTTP",
        "file",
        only=GATEWAY,
    )
    http_key: Path | None = _setting(
        "", forms.private_key, "the private key of that certificate, PEM", "file", only=GATEWAY
    )
    http_key_password: Secret | None = _setting(
        "", secrets.parsed, "the password of that key", secret=True, only=GATEWAY
    )
    http_ca: Path | None = _setting(
        "",
        forms.certificate,
        "certificates of the authorities of clients, PEM: who shows none of theirs is refused",
        "file",
        only=GATEWAY,
    )
    http_connections: int = _setting(
        "10000", forms.whole(1, 1_000_000), "the most connections that the gateway holds over HTTP", only=GATEWAY
    )
    epcis_keys: tuple[str, ...] = _setting(
        "sscc",
        forms.some_of("sscc", "sgtin", "grai", "giai", "gsin", "ginc"),
        "the kinds of EPCs that are parcels in EPCIS events",
        "sscc|sgtin|grai|giai|gsin|ginc,...",
        only=GATEWAY,
    )
    gateway_monitor: Address | None = _setting(
        "127.0.0.1:9465",
        forms.address_or_off,
        "where a gateway serves /metrics, /healthz, /livez and /readyz",
        "host:port|off",
        only=GATEWAY,
    )
    spool: Path | None = _setting(
        "tracker-spool.db",
        forms.file_or_off,
        "where the gateway keeps scans while Kafka is not there",
        "file|off",
        only=GATEWAY,
    )
    spool_bytes: int = _setting(
        str(1 << 30), forms.whole(1_048_576, 1 << 40), "the most that the spool may take", "bytes", only=GATEWAY
    )
    budget_scans: int = _setting(
        "0", forms.whole(0, 1_000_000), "the scans that a sender may send; 0: any number", "scans/s", only=GATEWAY
    )
    budget_rejects: int = _setting(
        "100",
        forms.whole(0, 1_000_000),
        "the rejected scans that a sender may send; 0: any number",
        "scans/s",
        only=GATEWAY,
    )
    budget_parcels: int = _setting(
        "0",
        forms.whole(0, 1_000_000_000),
        "the different parcels that a sender may send; 0: any number",
        "parcels/h",
        only=GATEWAY,
    )
    gateway: str = _setting(
        "http://127.0.0.1:8080", forms.http_url, "the gateway that scans are sent to", "URL", only=SENDER
    )
    gateway_key: Secret | None = _setting(
        "", secrets.parsed, "the device key that it knows the sender by", secret=True, only=SENDER
    )
    gateway_ca: Path | None = _setting(
        "",
        forms.certificate,
        "certificates of the authorities that its certificate is checked with, PEM; else the system's",
        "file",
        only=SENDER,
    )
    data_dir: Path = _setting(".tracker", forms.folder, "where `tracker up` keeps its data", "folder")

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{name}={shown(self, name)!r}' for name in TABLE)})"


TABLE: Final[dict[str, Field[Any]]] = {setting.name: setting for setting in fields(Settings)}
"""Name -> its line, in the order in which they are listed."""


def used_by(process: str) -> list[str]:
    """Gives the names of the settings that a process uses: GATEWAY or WORKER."""
    return [name for name, line in TABLE.items() if line.metadata["only"] in {"", process}]


def variable(name: str) -> str:
    """Gives the environment variable of a setting: `TRACKER_PARTITIONS`."""
    return PREFIX + name.upper()


def flag(name: str) -> str:
    """Gives the flag of a setting: `--partitions`; of a secret `--kafka-password-file`, the file that holds it."""
    return "--" + name.replace("_", "-") + ("-file" if TABLE[name].metadata["secret"] else "")


def file_variable(name: str) -> str | None:
    """Gives the variable that names the file which holds a setting, None where it can't be in one."""
    return variable(name) + FILE_SUFFIX if TABLE[name].metadata["in_file"] else None


def text(settings: Settings, name: str) -> str:
    """Gives the value of a setting in the form that the environment takes, secrets as they are: not to be shown."""
    value = getattr(settings, name)
    if value is None:
        return "off" if TABLE[name].metadata["unit"].endswith("|off") else ""
    if isinstance(value, Secret):
        return value.value
    if isinstance(value, tuple) and not isinstance(value, Address):
        return ",".join(value)
    return str(value)


def shown(settings: Settings, name: str) -> str:
    """Gives the value of a setting in the form that the environment takes, without secrets."""
    return MASK if isinstance(getattr(settings, name), Secret) else masked(text(settings, name))
