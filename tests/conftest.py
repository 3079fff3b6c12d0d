"""What every test can ask for: real servers, once a session, and their versions in the header."""

import os
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

import hypothesis
import pytest
from hypothesis import HealthCheck

from tests.servers import SERVERS, Authority, Kafka, Mosquitto, Redis, SecureKafka, TokenIssuer, UnavailableError
from tests.servers.process import Server
from tracker.errors import TrackerError
from tracker.local import embedded

# How long an example takes, or takes to be made, says more about who else uses the machine than about the code.
hypothesis.settings.register_profile(
    "untimed",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,  # Where a person waits for what he has changed; at home each run tries others.
)
hypothesis.settings.load_profile("untimed")


def pytest_report_header() -> list[str]:
    """Prints which real servers the tests run against."""
    lines = []
    versions = {"kafka": Kafka.version, "mosquitto": Mosquitto.version}
    versions |= {f"redis ({server})": partial(Redis.version, server) for server in SERVERS}
    for name, version in versions.items():
        try:
            lines.append(f"{name}: {version()}")
        except UnavailableError as error:
            lines.append(f"not there: {error}")
    return lines


SERVER_FIXTURES: Final = frozenset(
    {"kafka", "secure_kafka", "redis_server", "each_redis", "embedded_redis", "mosquitto"}
)
"""Whoever asks for one of these, directly or through another fixture, needs a server."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what needs a server, for `make quick`; a test that starts one without a fixture bears the mark itself."""
    for item in items:
        if SERVER_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("server")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Lets only a test that is marked so start a server: `make quick` would miss one on a machine that has none."""
    Server.allowed = item.get_closest_marker("server") is not None
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Measures no coverage while the same lines run thousands of times: it would make such a test twice as long."""
    # Where something is measured, the module is loaded before any test is.
    coverage = sys.modules["coverage"].Coverage.current() if "coverage" in sys.modules else None
    repeats = getattr(getattr(item, "obj", None), "is_hypothesis_test", False) or item.get_closest_marker("slow")
    if coverage is None or not repeats:
        return (yield)
    coverage.stop()
    try:
        return (yield)
    finally:
        coverage.start()


TOLD: Final = "told"


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Has a text shown when all tests have run: what they print themselves is lost where they run side by side."""
    return partial(record_property, TOLD)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Shows what tests tell."""
    for report in [report for reports in terminalreporter.stats.values() for report in reports]:
        if isinstance(report, pytest.TestReport) and report.when == "call":
            for name, text in report.user_properties:
                if name == TOLD:
                    terminalreporter.write_line(str(text))


@contextmanager
def _or_skipped() -> Iterator[None]:
    """Skips a test whose server can't be had; in continuous integration that is a failure."""
    try:
        yield
    except UnavailableError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def kafka() -> Iterator[Kafka]:
    """A real broker, shared by the session: a test makes topics of its own and leaves those of others alone."""
    with _or_skipped():
        server = Kafka()
    with server:
        yield server


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The certificate authority that the secure servers of the session share."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def unknown_authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority that no server trusts, and whose certificate no server has."""
    return Authority(tmp_path_factory.mktemp("unknown-authority"))


@pytest.fixture(scope="session")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> TokenIssuer:
    """Issues the tokens that the secure broker of the session accepts."""
    return TokenIssuer(tmp_path_factory.mktemp("tokens"))


@pytest.fixture(scope="session")
def secure_kafka(authority: Authority, tokens: TokenIssuer) -> Iterator[SecureKafka]:
    """A broker with TLS, SASL and ACLs, shared by the session as `kafka` is; tests/servers says how it is used."""
    with _or_skipped():
        server = SecureKafka(authority, tokens)
    with server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    """A real Redis, shared by the session: a test that needs it empty flushes it first."""
    with _or_skipped():
        server = Redis()
    with server:
        yield server


@pytest.fixture(scope="session")
def mosquitto() -> Iterator[Mosquitto]:
    """A real MQTT broker, shared by the session: a test has topics and client ids of its own."""
    with _or_skipped():
        server = Mosquitto()
    with server:
        yield server


@pytest.fixture(scope="session")
def embedded_redis() -> None:
    """Skips a test where there is no redis-server that `tracker up` and the demo could start."""
    try:
        embedded.find_redis_server()
    except TrackerError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session", params=SERVERS)
def each_redis(request: pytest.FixtureRequest) -> Iterator[Redis]:
    """Each of the servers that the store works with, in turn; shared by the session as `redis_server` is."""
    with _or_skipped():
        server = Redis(server=request.param)
    with server:
        yield server
