"""Real servers for tests and benchmarks: a Kafka broker and a Redis, each in its own folder, dying with its parent.

`deploy/dev/fetch.py` finds or fetches them (`make setup`) and leaves in `.cache/servers.json` where they are.
"""

from tests.servers.disk import Disk
from tests.servers.kafka import Kafka
from tests.servers.machine import UnavailableError
from tests.servers.redis import Redis

__all__ = ["Disk", "Kafka", "Redis", "UnavailableError"]
