"""Where everything of a running `tracker up` is: it leaves that in its data folder, for commands in a second terminal.

The file `running.json` is locked (flock) as long as its process lives: so one that a killed process has left is known.
Nobody but its owner may read it, and it holds no secret nevertheless: a value that has one stands there without it, and
its name stands in `masked`.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from tracker.config.settings import TABLE, Settings, shown, text, variable

FILE: Final = "running.json"

SYSTEM: Final = ("kafka", "redis", "topic")
"""Settings that say which system is meant. Whoever gives another one means another system than the running one."""

_ALWAYS: Final = (*SYSTEM, "rejected_topic", "keys_topic", "partitions", "monitor")
"""Settings that are left in any case. Of the others, those that have not their default."""


@dataclass(frozen=True, slots=True)
class Running:
    """What a running `tracker up` has left.

    Attributes:
        path: the file that says so.
        pid: its process.
        texts: {name of a setting: its text}, without secrets; settings that are missing have their default.
        masked: names of those whose text lacks a secret.
    """

    path: Path
    pid: int
    texts: Mapping[str, str]
    masked: frozenset[str]

    def of(self, names: Iterable[str]) -> dict[str, str]:
        """The texts of these settings, as far as they were left and are whole."""
        return {name: self.texts[name] for name in names if name in self.texts and name not in self.masked}


@contextmanager
def left(folder: Path, settings: Settings) -> Iterator[None]:
    """Leaves the settings in the folder of a `tracker up`, for as long as the context lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    path, begun = folder / FILE, folder / f"{FILE}.{os.getpid()}"
    with os.fdopen(os.open(begun, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(json.dumps(_content(settings), indent=2) + "\n")
        file.flush()
        begun.replace(path)
        try:
            yield
        finally:
            _remove(path, file)


def find(folder: Path, warn: Callable[[str], None]) -> Running | None:
    """Gives what a running `tracker up` has left in its data folder, None if none runs.

    Args:
        folder: its data folder.
        warn: told, a sentence each, why a file that is there is not used. One whose process is gone is removed.
    """
    path = folder / FILE
    try:
        with path.open() as file:
            about = os.fstat(file.fileno())
            # Whoever could write it could have our scans sent anywhere.
            if about.st_uid != os.geteuid() or about.st_mode & 0o077:
                warn(f"{path} is not used: expected a file that is yours alone (mode 0600)")
                return None
            if not _is_locked(file):
                _remove(path, file)
                warn(f"the `tracker up` that has left {path} is gone: it is not used, and removed")
                return None
            return _running(path, json.load(file))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        warn(f"{path} is not used: expected what `tracker up` has left there, got {type(error).__name__}: {error}")
        return None


def _content(settings: Settings) -> dict[str, object]:
    names = [name for name in TABLE if name in _ALWAYS or text(settings, name) != TABLE[name].metadata["default"]]
    return {
        "pid": os.getpid(),
        "settings": {variable(name): _lasting(settings, name) for name in names if name != "data_dir"},
        "masked": [variable(name) for name in names if shown(settings, name) != text(settings, name)],
    }


def _lasting(settings: Settings, name: str) -> str:
    """The text of a setting for another process, which may stand in another folder."""
    value = getattr(settings, name)
    return str(value.absolute()) if isinstance(value, Path) else shown(settings, name)


def _running(path: Path, content: Mapping[str, object]) -> Running:
    names = {variable(name): name for name in TABLE}
    settings, masked = content["settings"], content["masked"]
    if not isinstance(settings, dict) or not isinstance(masked, list) or not names.keys() >= settings.keys():
        raise TypeError("other fields")
    texts = {names[key]: str(value) for key, value in settings.items()}
    if not texts.keys() >= set(_ALWAYS):
        raise TypeError("fewer settings")
    return Running(path, int(str(content["pid"])), texts, frozenset(names[key] for key in masked))


def _is_locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _remove(path: Path, file: IO[str]) -> None:
    """Removes the file, unless another one stands there now."""
    with suppress(OSError):
        if path.stat().st_ino == os.fstat(file.fileno()).st_ino:
            path.unlink()
