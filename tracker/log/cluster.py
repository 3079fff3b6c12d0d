"""The way to a Kafka cluster: the one place that makes options of settings, for clients of aiokafka and librdkafka."""

import logging
from collections.abc import Mapping
from typing import Any, Final

from tracker.config import Settings
from tracker.config.tls import Credentials
from tracker.errors import TrackerError
from tracker.log.tokens import TokenSource

log = logging.getLogger("tracker.log")

CLIENT_ID: Final = "tracker"

_silent: Final = logging.getLogger("tracker.librdkafka")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False

Options = dict[str, Any]


class Cluster:
    """A cluster and the way to it. One object serves all clients of a process: they share a TLS context and a token.

    Args:
        settings: `kafka`, and all whose names begin with `kafka_`.

    Attributes:
        settings: as given.
        credentials: of TLS.
        tokens: of OAUTHBEARER, None where there is another login or none.

    Raises:
        TrackerError: `bad_setting`, a certificate or a key can't be used.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.credentials = Credentials.of(settings, "kafka")
        self.tokens = TokenSource(settings) if settings.kafka_sasl == "OAUTHBEARER" else None
        self._stamps = self.credentials.stamps()
        self._context = self.credentials.context() if self.encrypted else None
        # It would warn at each connection that a password is sent in the clear; the command says so once.
        logging.getLogger("aiokafka.conn").setLevel(logging.ERROR)

    @property
    def encrypted(self) -> bool:
        """Whether it is reached over TLS."""
        return self.settings.kafka_security.endswith("ssl")

    @property
    def place(self) -> str:
        """Where it is, for a message."""
        return f"Kafka at {self.settings.kafka} (TRACKER_KAFKA)"

    def librdkafka(self, settings: Mapping[str, Any]) -> Options:
        """The options of a client of librdkafka.

        Args:
            settings: of this client, beside and above ours.

        Raises:
            TokenError: there is no token.
        """
        ours = self.settings
        options: Options = {
            "bootstrap.servers": ours.kafka,
            "client.id": CLIENT_ID,
            # Its log would go to standard error, a line a try, and what is fatal there even at this level.
            "log_level": 0,
            "logger": _silent,
            "security.protocol": ours.kafka_security,
        }
        files = {
            "ssl.ca.location": ours.kafka_ca,
            "ssl.certificate.location": ours.kafka_certificate,
            "ssl.key.location": ours.kafka_key,
        }
        options |= {name: str(file) for name, file in files.items() if file}
        if ours.kafka_key_password:
            options["ssl.key.password"] = ours.kafka_key_password.value
        if ours.kafka_sasl:
            options["sasl.mechanism"] = ours.kafka_sasl
        if ours.kafka_password:
            options |= {"sasl.username": ours.kafka_user, "sasl.password": ours.kafka_password.value}
        if self.tokens is not None:
            self.tokens.token()  # For a first one that does not come, librdkafka would wait ten seconds.
            options["oauth_cb"] = self.tokens.for_librdkafka
        return options | dict(settings)

    def aiokafka(self) -> Options:
        """The options of a client, or of a connection, of aiokafka; `bootstrap_servers` is not among them."""
        ours = self.settings
        options: Options = {"client_id": CLIENT_ID, "security_protocol": ours.kafka_security.upper()}
        if self._context is not None:
            options["ssl_context"] = self._context
        if ours.kafka_sasl:
            options["sasl_mechanism"] = ours.kafka_sasl
        if ours.kafka_password:
            options |= {"sasl_plain_username": ours.kafka_user, "sasl_plain_password": ours.kafka_password.value}
        if self.tokens is not None:
            from tracker.log.oauth import TokenProvider  # noqa: PLC0415  # Loads aiokafka, which takes a while.

            options["sasl_oauth_token_provider"] = TokenProvider(self.tokens)
        return options

    def reload(self) -> None:
        """Reads certificates and key again if their files have changed: aiokafka's next connections show the new ones.

        librdkafka reads them only when a client is made.
        """
        stamps = self.credentials.stamps()
        if self._context is None or stamps == self._stamps:
            return
        try:
            self.credentials.load(self._context)
        except TrackerError as error:  # The old ones stay; a file is being written, perhaps.
            log.warning("certificates have changed and can't be read: %s", error)
        else:
            log.info("certificates have changed and were read again")
            self._stamps = stamps
