"""Settings: their sources, and each refused by name."""

from pathlib import Path

import pytest

from tracker import config
from tracker.config import Address, Secret, Settings
from tracker.errors import COMMAND_ERRORS, TrackerError
from tracker.limits import SECRET_BYTES_MAX


def refusal(variables: dict[str, str], flags: dict[str, str | None] | None = None) -> str:
    """Gives the message of a refused setting."""
    with pytest.raises(TrackerError) as caught:
        config.load(variables, flags)
    assert caught.value.code == "bad_setting"
    assert caught.value.code in COMMAND_ERRORS
    return str(caught.value)


def test_an_empty_environment_gives_the_defaults() -> None:
    assert config.load({}) == Settings()
    assert Settings().partitions == 64
    assert Settings().monitor == Address("127.0.0.1", 9464)
    assert Settings().vocabularies is None


def test_the_environment_sets_a_setting_and_a_flag_goes_before_it() -> None:
    environment = {"TRACKER_PARTITIONS": "12", "TRACKER_TOPIC": "passages"}
    flags = {"partitions": "4", "topic": None}
    settings = config.load(environment, flags)
    assert (settings.partitions, settings.topic) == (4, "passages")
    sources = [config.source(name, environment, flags) for name in ("partitions", "topic", "group")]
    assert sources == ["flag", "environment", "default"]


def test_an_empty_variable_counts_as_unset() -> None:
    assert config.load({"TRACKER_PARTITIONS": ""}).partitions == 64
    assert config.source("partitions", {"TRACKER_PARTITIONS": ""}, {}) == "default"


def test_an_empty_flag_is_a_value() -> None:
    assert refusal({}, {"partitions": ""}) == (
        "TRACKER_PARTITIONS: expected a whole number from 1 to 1024, got '' (from the flag --partitions)"
    )


def test_a_wrong_value_is_refused_by_name_with_what_was_expected_what_came_and_from_where() -> None:
    assert refusal({"TRACKER_PARTITIONS": "x"}) == (
        "TRACKER_PARTITIONS: expected a whole number from 1 to 1024, got 'x' (from the environment)"
    )


@pytest.mark.parametrize("value", ["1", "1024"])
def test_partitions_are_taken_at_their_limits(value: str) -> None:
    assert config.load({"TRACKER_PARTITIONS": value}).partitions == int(value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        *(("TRACKER_PARTITIONS", value) for value in ("0", "1025", "-1", "1.5", "1e3", " 4", "٤", "9" * 5000)),
        *(
            ("TRACKER_KAFKA", value)
            for value in ("kafka", "kafka:", ":9092", "k:0", "k:65536", "a:1,", "a b:1", "::1:9")
        ),
        *(
            ("TRACKER_REDIS", value)
            for value in ("localhost:6379", "http://h:1", "redis://", "redis://h:x", "redis://h/a")
        ),
        *(("TRACKER_REDIS", value) for value in ("unix://", "redis://h:99999", "redis://[h", "redis://h/0/1")),
        *(("TRACKER_TOPIC", value) for value in (".", "..", "a b", "scans/x", "t" * 250, "ß")),
        ("TRACKER_GROUP", "a group"),
        *(("TRACKER_BARCODE_FIRST", value) for value in (",", "ups,", "UPS", "ups dhl", "1Z\u00e9")),
        ("TRACKER_REPLICATION", "0"),
        ("TRACKER_MONITOR", "9464"),
        ("TRACKER_VOCABULARIES", "/no/such/folder"),
        ("TRACKER_SITE_ZONES", "/no/such/file"),
        ("TRACKER_SESSION_TIMEOUT_S", "5"),
        ("TRACKER_FETCH_BYTES", "1023"),
    ],
)
def test_hostile_values_are_refused_by_name(variable: str, value: str) -> None:
    assert refusal({variable: value}).startswith(f"{variable}: expected ")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TRACKER_KAFKA", "a:1,b-2.example:65535"),
        ("TRACKER_KAFKA", "[::1]:9092"),
        ("TRACKER_REDIS", "redis://localhost"),
        ("TRACKER_REDIS", "rediss://user:secret@host:6380/2"),
        ("TRACKER_REDIS", "unix:///run/redis.sock?db=1"),
        ("TRACKER_TOPIC", "t" * 249),
    ],
)
def test_forms_that_kafka_and_redis_take_are_taken(variable: str, value: str) -> None:
    name = variable.removeprefix("TRACKER_").lower()
    assert getattr(config.load({variable: value}), name) == value


def test_carriers_are_a_list_that_another_process_reads_as_the_same() -> None:
    settings = config.load({"TRACKER_BARCODE_FIRST": "ups, dhl", "TRACKER_BARCODES_OFF": ""})
    assert (settings.barcode_first, settings.barcodes_off) == (("ups", "dhl"), ())
    assert config.load(config.environment(settings)) == settings
    assert config.shown(settings, "barcode_first") == "ups,dhl"


def test_separators_are_a_list_that_another_process_reads_as_the_same() -> None:
    settings = config.load({"TRACKER_BARCODE_SEPARATORS": "~,{GS},\\F"})
    assert settings.barcode_separators == ("~", "{GS}", "\\F")
    assert config.load(config.environment(settings)) == settings


def test_the_monitor_can_be_off_or_on_an_ipv6_address() -> None:
    assert config.load({"TRACKER_MONITOR": "off"}).monitor is None
    assert config.load({"TRACKER_MONITOR": "[::]:80"}).monitor == Address("::", 80)
    assert str(Address("::", 80)) == "[::]:80"


def test_a_folder_or_file_that_exists_is_taken(tmp_path: Path) -> None:
    zones = tmp_path / "zones.json"
    zones.write_text("{}")
    settings = config.load({"TRACKER_VOCABULARIES": str(tmp_path), "TRACKER_SITE_ZONES": str(zones)})
    assert (settings.vocabularies, settings.site_zones) == (tmp_path, zones)


def test_a_final_ttl_must_outlive_the_log_and_the_longest_offline_scanner() -> None:
    late = {"TRACKER_RETENTION_HOURS": "240"}
    assert config.load(late | {"TRACKER_FINAL_TTL_DAYS": "41"}).final_ttl_days == 41
    assert "more than 40 days" in refusal(late | {"TRACKER_FINAL_TTL_DAYS": "40"})


def test_scans_and_rejected_scans_can_not_share_a_topic() -> None:
    assert "TRACKER_REJECTED_TOPIC" in refusal({"TRACKER_REJECTED_TOPIC": "scans"})


def test_an_unknown_variable_is_named_with_the_nearest_known_one() -> None:
    environment = {
        "TRACKER_PARTITION": "4",
        "TRACKER_QQQQ": "",
        "TRACKER_KAFKA": "",
        "TRACKER_BUILD": "debug",
        "PATH": "",
    }
    assert config.unknown(environment) == {"TRACKER_PARTITION": "TRACKER_PARTITIONS", "TRACKER_QQQQ": None}


def test_a_refused_url_does_not_show_its_password() -> None:
    assert "secret" not in refusal({"TRACKER_REDIS": "redis://:secret@h:x"})


def test_every_setting_shows_its_default_in_the_form_that_is_read() -> None:
    for name, line in config.TABLE.items():
        assert config.shown(Settings(), name) == line.metadata["default"]
        assert line.metadata["meaning"]


def test_a_url_that_may_have_a_password_can_stand_in_a_file(tmp_path: Path) -> None:
    held = tmp_path / "redis"
    held.write_text("redis://:secret@h:1/0\n")
    environment = {"TRACKER_REDIS_FILE": str(held)}
    assert config.load(environment).redis == "redis://:secret@h:1/0"
    assert config.source("redis", environment, {}) == "file"
    assert config.load(environment, {"redis": "redis://other"}).redis == "redis://other"
    assert config.unknown(environment) == {}


def test_a_value_and_a_file_that_holds_it_are_one_too_many() -> None:
    both = {"TRACKER_REDIS": "redis://h", "TRACKER_REDIS_FILE": "/run/secrets/redis"}
    assert refusal(both) == "TRACKER_REDIS: expected either it or TRACKER_REDIS_FILE, got both"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"\n", "it is empty"),
        (b"\xff", "it is not UTF-8"),
        (b"x" * (SECRET_BYTES_MAX + 1), "it is longer than 65536 bytes"),
        (None, "it can't be read: No such file or directory"),
    ],
)
def test_a_file_that_holds_no_setting_is_refused_by_name(content: bytes | None, reason: str, tmp_path: Path) -> None:
    held = tmp_path / "redis"
    if content is not None:
        held.write_bytes(content)
    assert refusal({"TRACKER_REDIS_FILE": str(held)}) == (
        f"TRACKER_REDIS_FILE: expected a file that holds TRACKER_REDIS in one line, got '{held}', but {reason} "
        "(from the environment)"
    )


def test_a_file_of_the_longest_length_is_read(tmp_path: Path) -> None:
    held = tmp_path / "redis"
    url = "redis://:".ljust(SECRET_BYTES_MAX - 2, "x") + "@h"
    held.write_text(url)
    assert config.load({"TRACKER_REDIS_FILE": str(held)}).redis == url


def test_a_password_in_a_flag_is_refused_since_everybody_could_read_it() -> None:
    message = refusal({}, {"redis": "redis://:secret@h"})
    assert message.startswith("TRACKER_REDIS: expected no password in a flag")
    assert "TRACKER_REDIS_FILE" in message
    assert "secret" not in message


def test_a_representation_of_the_settings_shows_no_password() -> None:
    assert "redis://:***@h" in repr(Settings(redis="redis://:secret@h"))


def test_a_secret_shows_itself_in_no_way_but_one() -> None:
    secret = Secret("hush")
    assert [f"{secret}", repr(secret), str([secret]), secret.value] == ["***", "***", "[***]", "hush"]
