"""`tracker config`: every setting, its value, and the source of that value."""

import json

import click

from tracker import config
from tracker.cli.options import command, source
from tracker.config import Settings


@command(*config.TABLE)
@click.option("--json", "as_json", is_flag=True, help="one JSON array")
def config_command(settings: Settings, *, as_json: bool) -> None:
    """Lists every setting with its value and its source."""
    rows = [
        {
            "name": config.variable(name),
            "file": config.file_variable(name) or "",
            "value": config.shown(settings, name),
            "source": source(name),
            "default": line.metadata["default"],
            "unit": line.metadata["unit"],
            "meaning": line.metadata["meaning"],
        }
        for name, line in config.TABLE.items()
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    widths = {key: max(len(row[key]) for row in rows) for key in ("name", "value", "source")}
    for row in rows:
        columns = "  ".join(row[key].ljust(width) for key, width in widths.items())
        held = f", which a file that {row['file']} names may hold" if row["file"] else ""
        click.echo(f"{columns}  {row['meaning']}{held}".rstrip())


COMMANDS = (config_command,)
