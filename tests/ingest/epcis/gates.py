"""The EPCIS door of a gateway whose records go to a list."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.ingest.epcis.events import SSCCS
from tests.ingest.http.doors import DEVICE_KEY, doorkeeper
from tests.ingest.middles import Made
from tests.web.serving import Answer, ask, serving
from tracker.ingest.epcis.capture import Jobs
from tracker.ingest.epcis.routes import ROOT, EpcisDoor
from tracker.ingest.ports import Scope
from tracker.web.bodies import Bodies
from tracker.web.routes import Routes


class Gate(NamedTuple):
    made: Made
    port: int
    jobs: Jobs

    def ask(self, method: str, path: str, value: Any = None, **fields: str) -> Answer:
        headers = {"Authorization": f"Bearer {DEVICE_KEY}", "Content-Type": "application/json"}
        headers |= {name.replace("_", "-"): field for name, field in fields.items()}
        body = value if value is None or isinstance(value, bytes) else json.dumps(value).encode()
        return ask(self.port, method, ROOT + path, body, headers)

    def capture(self, value: Any, **fields: str) -> Answer:
        return self.ask("POST", "/capture", value, **fields)

    def follow(self, answer: Answer) -> Answer:
        """What stands at the `Location` of an answer."""
        url = urlsplit(answer.headers["location"])
        assert (url.scheme, url.port) == ("http", self.port)
        return self.ask("GET", url.path.removeprefix(ROOT))

    def scans(self) -> list[dict[str, Any]]:
        return [json.loads(record.value) for record in self.made.shelf.records if record.topic == "scans"]


@contextlib.contextmanager
def opened(site: str = "", *scopes: Scope) -> Iterator[Gate]:
    """A gate, by a key for a site and with scopes."""
    made, routes = Made(), Routes()
    door = EpcisDoor(made.middle, doorkeeper(site, *scopes), Bodies(), SSCCS)
    door.add_to(routes)
    with serving(routes) as server:
        yield Gate(made, server.port, door._jobs)
