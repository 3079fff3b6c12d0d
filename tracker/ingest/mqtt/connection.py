"""One connection to a broker, from CONNECT to its end. All of it, and so paho-mqtt, belongs to one thread.

The session at the broker has a stable client id and is never begun anew: the broker keeps what comes while we are away,
and sends again what was not acknowledged.

paho's own loop waits with select(), which takes no file descriptor beyond 1,023; a gateway has thousands. So this one
waits by itself.
"""

import select
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from tracker.errors import TrackerError
from tracker.ingest.mqtt import refusals
from tracker.ingest.mqtt.bridge import Bridge
from tracker.ingest.mqtt.events import Connected, Event, Subscribed
from tracker.ingest.mqtt.source import MqttSource
from tracker.ingest.mqtt.tls import TlsSocket
from tracker.ingest.mqtt.window import Message
from tracker.limits import MQTT_PACKET_BYTES_MAX

ANSWER_S_MAX: Final = 10.0
"""How long a broker may take for each of: the connection, the TLS handshake, the answers to CONNECT and SUBSCRIBE."""

_VERSIONS: Final[Mapping[str, MQTTProtocolVersion]] = {
    "3.1.1": MQTTProtocolVersion.MQTTv311,
    "5": MQTTProtocolVersion.MQTTv5,
}
_BLANKS: Final = b" \t\r\n"

_TICK_S: Final = 1.0
"""How often keepalive and deadlines are looked at."""

_READ_MAX: Final = 200
"""Packets that are read before their messages are handed on, and acknowledgements sent."""


class Connection:
    """One connection.

    Args:
        source: of the broker.
        number: of the connection, from 1.
        bridge: by which the event loop says what is acknowledged.
        tell: is told each event.
    """

    def __init__(self, source: MqttSource, number: int, bridge: Bridge, tell: Callable[[Event], None]) -> None:
        self._source = source
        self._number = number
        self._bridge = bridge
        self._tell = tell
        self._messages: list[Message] = []
        self._failed: TrackerError | None = None
        self._waits_until: float | None = None
        self._socket: Any = None
        self._answered = False
        self._client = self._made()

    def run(self) -> None:
        """Works until the bridge says that it is time to end.

        Raises:
            TrackerError: `no_mqtt`, there is no connection, or none any more.
        """
        self._connect()
        poll = select.poll()
        poll.register(self._bridge.woken, select.POLLIN)
        socket, descriptor = self._socket, self._socket.fileno()
        if descriptor >= 0:
            poll.register(descriptor)
        while not self._is_over:
            reads, writes = not self._bridge.is_full, self._client.want_write()
            # A connection that has ended is told of in any case.
            poll.modify(descriptor, (select.POLLIN if reads else 0) | (select.POLLOUT if writes else 0))
            # TLS may hold bytes that the system does not know of.
            held = reads and getattr(socket, "pending", int)() > 0
            events = dict(poll.poll(0 if held else 1_000 * _TICK_S))
            if self._bridge.woken.fileno() in events:
                self._bridge.drain()
            if held or events.get(descriptor, 0) & ~select.POLLOUT:
                self._read()
            self._send()
            self._client.loop_misc()
            if self._waits_until is not None and time.monotonic() > self._waits_until:
                self._fail(refusals.silent(self._source, ANSWER_S_MAX))
        self._leave()
        if self._failed is not None:
            raise self._failed

    @property
    def _is_over(self) -> bool:
        return self._failed is not None or self._bridge.ending

    def _made(self) -> Client:
        source = self._source
        is_5 = source.version == "5"
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=source.id,
            clean_session=None if is_5 else False,
            protocol=_VERSIONS[source.version],
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = ANSWER_S_MAX
        if source.user:
            client.username_pw_set(source.user, source.password_file.value if source.password_file else None)
        if source.broker.tls:
            context = source.credentials.context()
            context.sslsocket_class = TlsSocket
            client.tls_set_context(context)
        client.on_socket_open = self._opened
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_message = self._received
        client.on_disconnect = self._disconnected
        return client

    def _connect(self) -> None:
        host, port = self._source.broker.address
        more: dict[str, Any] = {}
        if self._source.version == "5":
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = self._source.session_s
            properties.ReceiveMaximum = self._source.in_flight_max
            properties.MaximumPacketSize = MQTT_PACKET_BYTES_MAX
            more = {"clean_start": False, "properties": properties}
        try:
            self._client.connect(host, port, self._source.keepalive_s, **more)
        except OSError as error:
            raise refusals.connecting(error, self._source) from None
        self._wait_for_answer()

    def _leave(self) -> None:
        """Ends what there still is of the connection, once what is acknowledged is sent. The session stays."""
        self._send()
        self._client.on_disconnect = None
        self._client.disconnect()
        until = time.monotonic() + _TICK_S
        while (socket := self._client.socket()) is not None and self._client.want_write() and time.monotonic() < until:
            poll = select.poll()
            poll.register(socket.fileno(), select.POLLOUT)
            poll.poll(1_000 * _TICK_S)
            self._client.loop_write()
        if socket is not None:
            socket.close()

    def _read(self) -> None:
        """Reads what has come, and hands the messages on together."""
        for _ in range(_READ_MAX):
            before = len(self._messages)
            # It reads one packet, or a part of it.
            self._client.loop_read()
            if self._failed is not None or len(self._messages) == before:
                break
        if self._messages:
            messages, self._messages = self._messages, []
            self._bridge.received(messages)
            self._tell(messages)

    def _send(self) -> None:
        """Sends what waits for that."""
        for message in self._bridge.acknowledgements(self._number):
            self._client.ack(message.mid, message.qos)
        if self._client.want_write():
            self._client.loop_write()

    def _fail(self, error: TrackerError) -> None:
        # What is said first is the cause of the rest.
        self._failed = self._failed or error

    def _wait_for_answer(self) -> None:
        self._waits_until = time.monotonic() + ANSWER_S_MAX

    # What paho calls.

    def _opened(self, _client: Client, _userdata: object, opened: Any) -> None:  # noqa: ANN401 - any kind of socket
        self._socket = opened

    def _connected(
        self, client: Client, _userdata: object, flags: ConnectFlags, code: ReasonCode, _properties: object
    ) -> None:
        self._answered = True
        if code.is_failure:
            self._fail(refusals.refused(code.value, code.getName(), self._source))
            return
        self._tell(Connected(self._number, flags.session_present))
        # Each time, though the session has subscriptions: topics may be others now.
        if self._source.version == "5":
            options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
            client.subscribe([(topic, options) for topic in self._source.filters])
        else:
            client.subscribe([(topic, 1) for topic in self._source.filters])
        self._wait_for_answer()

    def _subscribed(
        self, _client: Client, _userdata: object, _mid: int, codes: list[ReasonCode], _properties: object
    ) -> None:
        refused = {
            topic: code.value for topic, code in zip(self._source.filters, codes, strict=False) if code.value != 1
        }
        self._waits_until = None
        if refused:
            self._fail(refusals.unsubscribed(refused, self._source))
        else:
            self._tell(Subscribed())

    def _received(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = None
        self._messages.append(
            Message(
                self._number,
                message.mid,
                message.qos,
                topic,
                bytes(message.payload).strip(_BLANKS),
                time.time_ns() // 1_000_000,
                retained=message.retain,
                again=message.dup,
            )
        )

    def _disconnected(
        self, _client: Client, _userdata: object, flags: DisconnectFlags, code: ReasonCode, _properties: object
    ) -> None:
        if (broken := getattr(self._socket, "broken", None)) is not None:
            self._fail(refusals.connecting(broken, self._source))
        elif self._source.broker.tls and not self._answered:
            self._fail(refusals.cut_off(self._source))
        else:
            said = flags.is_disconnect_packet_from_server
            self._fail(refusals.lost(code.value, code.getName(), self._source, said_by_broker=said))
