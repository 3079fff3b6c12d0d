"""The keys that a gateway knows, all in memory: who asks for one waits for nobody."""

from collections.abc import Iterable, Mapping

from tracker.ingest.keys.key import Budget, Key


class Keyring:
    """Keys by id. One thread changes it, any thread looks: each change is one step of a dict.

    Attributes:
        known: whether the keys are known at all, from the topic or from a copy of it.
        current: whether they are those of the topic as it is now. A key that is not here may then be called unknown.
    """

    def __init__(self, keys: Iterable[Key] = (), *, known: bool = False, current: bool = False) -> None:
        self._keys = {key.id: key for key in keys}
        self.known = known
        self.current = current

    def get(self, name: str) -> Key | None:
        """The key of an id, None if there is none."""
        return self._keys.get(name)

    def budgets(self, name: str) -> Mapping[Budget, int] | None:
        """The budgets that the key of an id has of its own, None if it has none."""
        key = self._keys.get(name)
        return None if key is None else key.budgets

    def put(self, key: Key) -> None:
        """Has a key from now on, in place of an older one of its id."""
        self._keys[key.id] = key

    def drop(self, name: str) -> None:
        """Does not have a key any more."""
        self._keys.pop(name, None)

    def replace(self, keys: Mapping[str, Key]) -> None:
        """Has these keys and no other, all at once."""
        self._keys = dict(keys)

    def all(self) -> dict[str, Key]:
        """The keys, by id."""
        return dict(self._keys)

    def __len__(self) -> int:
        return len(self._keys)
