"""Real servers for tests and benchmarks, each in its own folder, dying with its parent: Kafka, Redis, an MQTT broker.

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
- `redis_server`: the machine's Redis, in plain text and without a password.
- `mosquitto`: an MQTT broker without users. Others a test starts by itself: `Mosquitto(users={"gateway": "secret"})`.
- `each_redis`: the same four times: a test that asks for it runs on every server of `SERVERS`.

Further servers of Redis a test starts by itself, in some milliseconds, with what they are to ask for:

    users = {"worker": User("~* +@all -@dangerous")}
    with SecureRedis(users=users, authority=authority, client_certificate=True) as server:
        server.url_of("worker")                    # with the password and all that TLS needs
        server.users["worker"].password            # the same in parts
        authority.client("worker").key

    with Sentinels(users=users) as group:          # a primary, a replica, a sentinel; or `Sentinels(3)`
        group.addresses                            # of the sentinels, which know the primary as PRIMARY
        group.fail_over()                          # kills the primary

    Redis(server="valkey-9.1")                     # one of SERVERS; those but the machine's know no TLS
"""

from tests.servers.disk import Disk
from tests.servers.kafka import Kafka
from tests.servers.listeners import BAD_LISTENERS, LISTENERS
from tests.servers.machine import UnavailableError
from tests.servers.mosquitto import Mosquitto
from tests.servers.redis import SERVERS, Redis
from tests.servers.secure_kafka import SecureKafka
from tests.servers.secure_redis import SecureRedis, User
from tests.servers.sentinel import PRIMARY, Sentinels
from tests.servers.tls import Authority, Certificate
from tests.servers.tokens import TokenIssuer

__all__ = [
    "BAD_LISTENERS",
    "LISTENERS",
    "PRIMARY",
    "SERVERS",
    "Authority",
    "Certificate",
    "Disk",
    "Kafka",
    "Mosquitto",
    "Redis",
    "SecureKafka",
    "SecureRedis",
    "Sentinels",
    "TokenIssuer",
    "UnavailableError",
    "User",
]
