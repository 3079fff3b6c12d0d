"""A broker and a Redis that workers reach through proxies only, while sender and oracle reach them directly.

A worker has a slot: a pair of proxies, one to Kafka and one to Redis. Since a client of Kafka connects to the address
that the broker advertises, the broker has a listener a slot, which advertises the slot's proxy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.chaos.proxy import Network, Proxy
from tests.servers import Kafka
from tests.servers.process import free_port

SLOTS: Final = 6
"""Workers that can run at once: a storm has some more than it should."""


class Broker(Kafka):
    """A broker with a listener for each slot.

    Args:
        network: where the slots' proxies run.
        folder, settings: as of Kafka.
    """

    def __init__(self, network: Network, folder: Path | None = None, settings: Mapping[str, str] | None = None) -> None:
        super().__init__(folder, settings)
        self.network = network
        ports = [free_port() for _ in range(SLOTS)]
        self.proxies = [Proxy(network, port) for port in ports]
        names = [f"SLOT{number}" for number in range(SLOTS)]
        listeners = [f"{name}://127.0.0.1:{port}" for name, port in zip(names, ports, strict=True)]
        advertised = [f"{name}://127.0.0.1:{proxy.port}" for name, proxy in zip(names, self.proxies, strict=True)]
        lines = self._lines()
        protocols = [lines["listener.security.protocol.map"], *(f"{name}:PLAINTEXT" for name in names)]
        # A property that stands twice has its last value.
        more = {
            "listeners": ",".join([lines["listeners"], *listeners]),
            "advertised.listeners": ",".join([f"PLAINTEXT://{self.address}", *advertised]),
            "listener.security.protocol.map": ",".join(protocols),
            "inter.broker.listener.name": "PLAINTEXT",
        }
        with self.properties.open("a") as file:
            file.writelines(f"{name}={value}\n" for name, value in more.items())

    def _lines(self) -> dict[str, str]:
        lines = (line.partition("=") for line in self.properties.read_text().splitlines())
        return {name: value for name, _, value in lines}


@dataclass(frozen=True, slots=True)
class Link:
    """A worker's way to the servers.

    Attributes:
        slot: its number.
        kafka, redis: the proxies.
    """

    slot: int
    kafka: Proxy
    redis: Proxy
