"""Real servers for tests and benchmarks: a Kafka broker and a Redis, each in its own folder, dying with its parent.

`deploy/dev/fetch.py` finds or fetches them (`make setup`) and leaves in `.cache/servers.json` where they are.

A test asks for a server by the name of a fixture (tests/conftest.py); each is started once a session, when the first
test asks for it:

- `kafka`: plain text, anybody may do anything.
- `secure_kafka`: a broker as clusters are. It has a listener for each way in (`LISTENERS`), and whoever has no ACL may
  do nothing:

      def test_a_worker_may_read(secure_kafka: SecureKafka) -> None:
          secure_kafka.create_topic("scans", 1)                         # as the super user
          secure_kafka.grant("worker", ResourceType.TOPIC, "scans", AclOperation.READ)
          address = secure_kafka.addresses["SASL_SSL_PLAIN"]            # for TRACKER_KAFKA
          password = secure_kafka.passwords["worker"]
          settings = secure_kafka.client("SASL_SSL_PLAIN", "worker")    # the same for a client of confluent_kafka

  ACLs stay for the session: a test names its topics and groups for itself, and takes back what it granted
  (`revoke_all`).
- `authority`: the certificate authority of all of these servers; `authority.certificate` is what a client trusts.
  `authority.client("worker")` and `authority.server()` issue certificates; both take `expired=True`.
  `unknown_authority` issues those that nobody trusts.
- `tokens`: issues the tokens that `secure_kafka` accepts.
- `redis_server`: plain text, without a password.
"""

from tests.servers.disk import Disk
from tests.servers.kafka import Kafka
from tests.servers.listeners import BAD_LISTENERS, LISTENERS
from tests.servers.machine import UnavailableError
from tests.servers.redis import Redis
from tests.servers.secure_kafka import SecureKafka
from tests.servers.tls import Authority, Certificate
from tests.servers.tokens import TokenIssuer

__all__ = [
    "BAD_LISTENERS",
    "LISTENERS",
    "Authority",
    "Certificate",
    "Disk",
    "Kafka",
    "Redis",
    "SecureKafka",
    "TokenIssuer",
    "UnavailableError",
]
