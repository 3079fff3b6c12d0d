"""How each role comes to the secure broker: by which settings, and with which permissions of deploy/acl."""

import argparse
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from confluent_kafka.admin import AclBinding, AclOperation, AclPermissionType, ResourcePatternType, ResourceType

from tests.servers import BAD_LISTENERS, LISTENERS, SecureKafka
from tracker import config
from tracker.config import Settings

SCRIPT: Final = Path(__file__).parents[2] / "deploy" / "acl" / "kafka-acls.sh"

USERS: Final = {
    "INIT": "init",
    "WORKER": "worker",
    "SENDER": "producer",
    "OPERATOR": "operator",
    "READER": "reader",
    "GATEWAY": "gateway",
    "KEYS": "keys",
}
"""What the script calls a role -> the broker's user that has it."""

_NOTES: Final = """#!/bin/sh
printf '%s\\n' "$*" >> "$NOTED"
"""
"""In place of Kafka's own kafka-acls.sh, a Java program: notes what it was told, a line each."""


def variables(server: SecureKafka, listener: str, user: str, folder: Path) -> dict[str, str]:
    """Gives the variables with which a user comes in at a listener.

    Args:
        server: the broker.
        listener: of LISTENERS or BAD_LISTENERS.
        user: one that the broker knows.
        folder: for files of secrets.
    """
    about = LISTENERS.get(listener) or BAD_LISTENERS[listener]
    found = {"TRACKER_KAFKA": server.addresses[listener], "TRACKER_KAFKA_SECURITY": about.protocol}
    if about.encrypted:
        found["TRACKER_KAFKA_CA"] = str(server.authority.certificate)
    if about.client_certificate:
        shown = server.authority.client(user)
        found["TRACKER_KAFKA_CERTIFICATE"] = str(shown.certificate)
        found["TRACKER_KAFKA_KEY"] = str(shown.encrypted_key)
        found["TRACKER_KAFKA_KEY_PASSWORD_FILE"] = _held(folder / f"{user}.key-password", shown.password)
    if about.mechanism:
        found["TRACKER_KAFKA_SASL"] = about.mechanism
    if about.mechanism == "OAUTHBEARER":
        found["TRACKER_KAFKA_TOKEN_FILE"] = _held(folder / f"{user}.token", server.tokens.token(user))
    elif about.mechanism:
        found["TRACKER_KAFKA_USER"] = user
        found["TRACKER_KAFKA_PASSWORD"] = server.passwords[user]
    return found


def settings(server: SecureKafka, listener: str, user: str, folder: Path) -> Settings:
    """Gives the same as settings."""
    return config.load(variables(server, listener, user, folder))


def permissions(topic: str, folder: Path, principals: Mapping[str, str]) -> set[AclBinding]:
    """Gives what deploy/acl/kafka-acls.sh gives, by running it.

    Args:
        topic: of scans; rejected ones go to `<topic>.rejected`, keys to `<topic>.keys`; the group has the topic's name.
        folder: for what stands in the place of Kafka's program.
        principals: role -> user.
    """
    program, noted = folder / "kafka-acls.sh", folder / "noted"
    program.write_text(_NOTES)
    program.chmod(0o700)
    noted.write_text("")
    names = {
        "TRACKER_TOPIC": topic,
        "TRACKER_REJECTED_TOPIC": f"{topic}.rejected",
        "TRACKER_KEYS_TOPIC": f"{topic}.keys",
        "TRACKER_GROUP": topic,
    }
    users = {role: f"User:{user}" for role, user in principals.items()}
    own = {"PATH": f"{folder}:{os.environ['PATH']}", "NOTED": str(noted), "KAFKA": "broker:9093", "ADMIN": "admin"}
    subprocess.run([SCRIPT], env={**own, **names, **users}, check=True)
    return {binding for line in noted.read_text().splitlines() for binding in _bindings(line)}


def grant(server: SecureKafka, listener: str, topic: str, folder: Path) -> set[AclBinding]:
    """Gives each role at a listener the permissions of deploy/acl, and no other; returns them."""
    principals = {role: server.principal(listener, user) for role, user in USERS.items()}
    found = permissions(topic, folder, principals)
    server.allow(found)
    return found


def _bindings(line: str) -> list[AclBinding]:
    """The permissions that one call of kafka-acls.sh gives."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--bootstrap-server", required=True)
    parser.add_argument("--command-config", required=True)
    parser.add_argument("--add", action="store_true", required=True)
    parser.add_argument("--allow-principal", required=True)
    parser.add_argument("--operation", action="append", required=True)
    parser.add_argument("--topic")
    parser.add_argument("--group")
    told = parser.parse_args(line.split())
    kind, name = (ResourceType.TOPIC, told.topic) if told.topic else (ResourceType.GROUP, told.group)
    return [
        AclBinding(
            kind,
            name,
            ResourcePatternType.LITERAL,
            told.allow_principal,
            "*",
            operation_of(one),
            AclPermissionType.ALLOW,
        )
        for one in told.operation
    ]


def operation_of(name: str) -> AclOperation:
    """Gives an operation by the name that kafka-acls.sh has for it: `DescribeConfigs`."""
    return {one.name.replace("_", "").lower(): one for one in AclOperation}[name.lower()]


def _held(file: Path, text: str) -> str:
    file.write_text(f"{text}\n")
    return str(file)
