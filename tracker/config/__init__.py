"""Every setting, once: its name, default, form and meaning. Values come from the environment, from files, from flags.

The setting `partitions` is `TRACKER_PARTITIONS` in the environment and `--partitions` as a flag; a flag goes first.
A secret is never a flag: `TRACKER_KAFKA_PASSWORD` holds it, or `TRACKER_KAFKA_PASSWORD_FILE` names the file that does.
"""

from tracker.config.checks import warnings
from tracker.config.forms import Address
from tracker.config.loading import environment, load, site_zones, source, unknown
from tracker.config.secrets import Secret, masked
from tracker.config.settings import PREFIX, TABLE, Settings, file_variable, flag, shown, text, variable

__all__ = [
    "PREFIX",
    "TABLE",
    "Address",
    "Secret",
    "Settings",
    "environment",
    "file_variable",
    "flag",
    "load",
    "masked",
    "shown",
    "site_zones",
    "source",
    "text",
    "unknown",
    "variable",
    "warnings",
]
