"""Every setting, once: its name, default, form and meaning.

The first of these that gives a setting says its value:

1. a flag: `--partitions`
2. a variable, `TRACKER_PARTITIONS`; or for some `TRACKER_REDIS_FILE`, which names the file that holds the value
3. a `tracker up` that runs in the data folder (`TRACKER_DATA_DIR`): it leaves its settings there, without secrets
   (tracker/config/running.py). They are taken together: not, where 1 or 2 names another Kafka, Redis or topic
4. the default

A secret is never a flag: `TRACKER_KAFKA_PASSWORD` holds it, or `TRACKER_KAFKA_PASSWORD_FILE` names the file that does.
"""

from tracker.config.checks import warnings
from tracker.config.forms import Address
from tracker.config.loading import Source, beside, environment, lacking, load, site_zones, source, unknown
from tracker.config.running import Running
from tracker.config.secrets import Secret, masked
from tracker.config.settings import (
    GATEWAY,
    PREFIX,
    TABLE,
    WORKER,
    Settings,
    file_variable,
    flag,
    shown,
    text,
    used_by,
    variable,
)

__all__ = [
    "GATEWAY",
    "PREFIX",
    "TABLE",
    "WORKER",
    "Address",
    "Running",
    "Secret",
    "Settings",
    "Source",
    "beside",
    "environment",
    "file_variable",
    "flag",
    "lacking",
    "load",
    "masked",
    "shown",
    "site_zones",
    "source",
    "text",
    "unknown",
    "used_by",
    "variable",
    "warnings",
]
