"""A real mosquitto, an MQTT broker that keeps its sessions over a stop."""

import getpass
import hashlib
import secrets
import socket
import subprocess
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.servers.machine import found
from tests.servers.process import Server, free_port

SETTINGS: Final[Mapping[str, str]] = {
    "allow_anonymous": "true",
    "persistence": "true",
    "max_queued_messages": "0",
    "max_inflight_messages": "1000",
}

LISTENER: Final = frozenset(
    {"cafile", "certfile", "keyfile", "require_certificate", "use_identity_as_username", "max_qos"}
)
"""Settings that belong to a listener, and stand behind it."""

_ITERATIONS: Final = 101
"""As mosquitto_passwd hashes."""

_CONNECT: Final = bytes.fromhex("100c 0004 4d515454 04 02 000a 0000")
"""CONNECT of MQTT 3.1.1 with a clean session, without an id."""


class Mosquitto(Server):
    """A mosquitto on a free port of 127.0.0.1.

    Args:
        folder: where its sessions are kept; a temporary one if None.
        settings: lines of mosquitto.conf that stand beside or over SETTINGS.
        users: name -> password; if any are given, nobody else may connect.

    Attributes:
        settings: as given.
    """

    name = "mosquitto"
    poll_s = 0.005

    def __init__(
        self,
        folder: Path | None = None,
        settings: Mapping[str, str] | None = None,
        users: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(folder)
        self.program = found("mosquitto", "mosquitto")
        self.port = free_port()
        self.settings = {**SETTINGS, **(settings or {})}
        if users:
            self.settings |= {"allow_anonymous": "false", "password_file": str(self._passwords(users))}

    @staticmethod
    def version() -> str:
        """Gives the version of the server, such as "2.0.11"."""
        shown = subprocess.run([found("mosquitto", "mosquitto"), "-h"], capture_output=True, text=True, check=False)
        return shown.stdout.split("mosquitto version ")[1].split()[0]

    def command(self) -> Sequence[str]:
        """Gives mosquitto with its file of settings."""
        path = self.folder / "mosquitto.conf"
        path.write_text(self.configuration())
        return [str(self.program), "-c", str(path)]

    def configuration(self) -> str:
        """Gives the text of mosquitto.conf."""
        settings = {"persistence_location": f"{self.folder}/", **self.settings}
        lines = [f"{name} {value}" for name, value in settings.items() if name not in LISTENER]
        lines.append(f"listener {self.port} 127.0.0.1")
        lines += [f"{name} {value}" for name, value in settings.items() if name in LISTENER]
        return self.own_user() + "".join(f"{line}\n" for line in lines)

    @staticmethod
    def own_user() -> str:
        """Gives a line of mosquitto.conf: started by root it would become another user, who can't write here."""
        return f"user {getpass.getuser()}\n"

    def ready(self) -> bool:
        """Tells if it answers. With TLS or passwords it does not let this client in, and listens."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                if "certfile" in self.settings:
                    return True
                connection.sendall(_CONNECT)
                return connection.recv(4)[:2] == b"\x20\x02"
        except OSError:
            return False

    def _passwords(self, users: Mapping[str, str]) -> Path:
        """Writes the file of passwords, hashed as mosquitto_passwd does it."""
        path = self.folder / "passwords"
        path.write_text("".join(f"{user}:{_hashed(password)}\n" for user, password in users.items()))
        return path


def _hashed(password: str) -> str:
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return f"$7${_ITERATIONS}${b64encode(salt).decode()}${b64encode(digest).decode()}"
