"""The URL of a Redis: what it says, what it is refused for, and that no password in it is ever shown."""

from pathlib import Path

import pytest

from tracker import config
from tracker.config import Address, Secret, redis
from tracker.config.redis import RedisUrl
from tracker.errors import TrackerError


def refusal(variables: dict[str, str]) -> str:
    """Gives the message of a refused setting."""
    with pytest.raises(TrackerError) as caught:
        config.load(variables)
    assert caught.value.code == "bad_setting"
    return str(caught.value)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("redis://h", RedisUrl((Address("h", 6379),))),
        ("redis://h:1/", RedisUrl((Address("h", 1),))),
        ("redis://[::1]/3", RedisUrl((Address("::1", 6379),), database=3)),
        ("redis://h?db=3", RedisUrl((Address("h", 6379),), database=3)),
        ("redis://:p@h", RedisUrl((Address("h", 6379),), password=Secret("p"))),
        ("redis://u:p%40%2F%23@h", RedisUrl((Address("h", 6379),), user="u", password=Secret("p@/#"))),
        ("redis://h?username=u&password=p", RedisUrl((Address("h", 6379),), user="u", password=Secret("p"))),
        ("redis://h?socket_timeout=0.5", RedisUrl((Address("h", 6379),), timeout_s=0.5)),
        ("rediss://h", RedisUrl((Address("h", 6379),), tls=True)),
        ("rediss://h?ssl_check_hostname=false", RedisUrl((Address("h", 6379),), tls=True, verify_host=False)),
        (
            "rediss://h?ssl_cert_reqs=none",
            RedisUrl((Address("h", 6379),), tls=True, verify=False, verify_host=False),
        ),
        ("rediss://h?ssl_cert_reqs=required", RedisUrl((Address("h", 6379),), tls=True)),
        ("unix:///run/redis.sock", RedisUrl(socket=Path("/run/redis.sock"))),
        (
            "unix://u:p@/run/a%20b?db=1",
            RedisUrl(socket=Path("/run/a b"), database=1, user="u", password=Secret("p")),
        ),
        ("redis+sentinel://a/parcels", RedisUrl((Address("a", 26379),), primary="parcels")),
        (
            "rediss+sentinel://u:p@a:1,b,[::1]:2/parcels/7",
            RedisUrl(
                (Address("a", 1), Address("b", 26379), Address("::1", 2)),
                primary="parcels",
                database=7,
                user="u",
                password=Secret("p"),
                tls=True,
            ),
        ),
    ],
)
def test_a_url_says_where_redis_is_and_how_it_is_reached(url: str, says: RedisUrl) -> None:
    assert redis.parse(url) == says
    assert config.load({"TRACKER_REDIS": url} | ({"TRACKER_REDIS_PASSWORD": "p"} if "u@" in url else {})).redis == url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://h/0?foo=1", "no option 'foo'; those that are known are db, username, password, socket_timeout"),
        (
            "rediss://h?foo",
            "no option 'foo'; those that are known are db, username, password, socket_timeout, ssl_cert_reqs, ssl_",
        ),
        ("redis://h?socket_timeout=abc", "a number of seconds for the option socket_timeout"),
        ("redis://h?socket_timeout=0", "a number of seconds for the option socket_timeout"),
        ("redis://h?socket_timeout=nan", "a number of seconds for the option socket_timeout"),
        ("rediss://h?ssl_cert_reqs=zzz", "one of required, none for the option ssl_cert_reqs"),
        ("rediss://h?ssl_check_hostname=perhaps", "one of true, false for the option ssl_check_hostname"),
        ("redis://h?ssl_cert_reqs=none", "rediss:// with the option ssl_cert_reqs"),
        ("rediss://h?ssl_ca_certs=/ca", "no option ssl_ca_certs: set TRACKER_REDIS_CA"),
        ("rediss://h?ssl_certfile=/c", "no option ssl_certfile: set TRACKER_REDIS_CERTIFICATE"),
        ("rediss://h?ssl_keyfile=/k", "no option ssl_keyfile: set TRACKER_REDIS_KEY"),
        ("rediss://h?ssl_password=secret", "no option ssl_password: set TRACKER_REDIS_KEY_PASSWORD"),
        ("redis://h?db=x", "a whole number from 0 to 2147483647 for the option db"),
        ("redis://h/1?db=1", "the number of the database in its path or in the option db, not in both"),
        ("redis://h?db=1&db=1", "the option db once"),
        ("redis://u:secret@h?password=secret", "the password before its @ or as the option password, not both"),
        ("redis://u:p@h?username=u", "the username before its @ or as the option username, not both"),
        ("redis://u:p%0A@h", "one line without control characters"),
        *(
            (url, "redis://host:port/number, rediss://")
            for url in (
                *("redis://", "redis://h:x", "redis://h:0", "redis://h:65536", "redis://[h", "redis://h/a", "h:6379"),
                *("redis://h/0/1", "redis://::1", "redis://a,b/0", "redis://h#x", "http://h", "redis+tls://h"),
                *("unix://", "unix://h/run/s", "redis+sentinel://h", "redis+sentinel://h,/m", "redis+sentinel:///m"),
                *("redis+sentinel://h/m/x", "redis://:a?b=secret@h", "redis://:a/secret@h", "redis://:a#secret@h"),
                "user:secret@h",
            )
        ),
    ],
)
def test_a_url_is_refused_with_what_was_expected_and_without_its_password(url: str, expected: str) -> None:
    message = refusal({"TRACKER_REDIS": url})
    assert message.startswith(f"TRACKER_REDIS: expected {expected}")
    assert "secret" not in message


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        (
            {"TRACKER_REDIS": "redis://u:p@h", "TRACKER_REDIS_PASSWORD": "q"},
            "TRACKER_REDIS_PASSWORD: expected it or the one in TRACKER_REDIS, got both",
        ),
        (
            {"TRACKER_REDIS": "redis://u:p@h", "TRACKER_REDIS_USER": "u"},
            "TRACKER_REDIS_USER: expected it or the one in TRACKER_REDIS, got both",
        ),
        (
            {"TRACKER_REDIS": "redis://u@h"},
            "TRACKER_REDIS_PASSWORD: expected the password of the user, here or in TRACKER_REDIS, got none",
        ),
        (
            {"TRACKER_REDIS_USER": "u"},
            "TRACKER_REDIS_PASSWORD: expected the password of the user, here or in TRACKER_REDIS, got none",
        ),
        (
            {"TRACKER_REDIS_SENTINEL_PASSWORD": "p"},
            "TRACKER_REDIS_SENTINEL_PASSWORD: expected none with a TRACKER_REDIS without Sentinels, got '***'",
        ),
        (
            {"TRACKER_REDIS": "redis+sentinel://h/m", "TRACKER_REDIS_SENTINEL_USER": "u"},
            "TRACKER_REDIS_SENTINEL_PASSWORD: expected the password of TRACKER_REDIS_SENTINEL_USER, got none",
        ),
    ],
)
def test_a_login_is_given_once_and_whole(variables: dict[str, str], message: str) -> None:
    assert refusal(variables).startswith(message)


def test_certificates_need_a_url_with_tls_and_their_key(tmp_path: Path) -> None:
    certificate = tmp_path / "c.pem"
    certificate.write_text("-----BEGIN CERTIFICATE-----\n")
    for name in ("CA", "CERTIFICATE"):
        given = {f"TRACKER_REDIS_{name}": str(certificate)}
        assert refusal(given).startswith(f"TRACKER_REDIS_{name}: expected none with a TRACKER_REDIS without TLS, got ")
    url = {"TRACKER_REDIS": "rediss://h"}
    assert config.load(url | {"TRACKER_REDIS_CA": str(certificate)}).redis_ca == certificate
    message = refusal(url | {"TRACKER_REDIS_CERTIFICATE": str(certificate)})
    assert message == "TRACKER_REDIS_KEY: expected the private key of TRACKER_REDIS_CERTIFICATE, got none"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://:secret@h:1/0", "redis://:***@h:1/0"),
        ("redis://user:se@cr/et@h:1/0", "redis://user:***@h:1/0"),
        ("redis://user:se%40cret@h", "redis://user:***@h"),
        ("redis://user:secret\n@h", "redis://user:***@h"),
        ("redis+sentinel://u:secret@a,b/m", "redis+sentinel://u:***@a,b/m"),
        ("user:secret@h:6379", "user:***@h:6379"),
        ("redis:user:secret@h", "redis:***@h"),
        ("redis//user:secret@h", "redis//user:***@h"),
        ("unix:///s?password=secret&db=1", "unix:///s?password=***&db=1"),
        ("rediss://h?ssl_password=secret", "rediss://h?ssl_password=***"),
        ("rediss://h?db=1&%70assword=secret", "rediss://h?db=1&%70assword=***"),
        ("redis://h:6379/0", "redis://h:6379/0"),
        ("redis://user@h:6379/0", "redis://user@h:6379/0"),
        ("h:9092", "h:9092"),
    ],
)
def test_passwords_are_masked_and_nothing_else(text: str, shown: str) -> None:
    assert config.masked(text) == shown
