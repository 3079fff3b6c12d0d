"""The tables of docs/tcp.md, made from the code; `python -m tests.ingest.tcp.page` writes them."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING
from pathlib import Path
from typing import Any, Final

from tracker.ingest.tcp.layout import FIELDS
from tracker.ingest.tcp.listener import ABOUT, KEYS, presets

PAGE: Final = Path(__file__).parents[3] / "docs" / "tcp.md"


def written(text: str, blocks: Mapping[str, Callable[[], str]]) -> str:
    """A page with each block between `<!-- made: name -->` and `<!-- end -->` made anew."""
    return re.sub(
        r"(<!-- made: (\w+) -->)\n.*?(<!-- end -->)",
        lambda match: f"{match[1]}\n{blocks[match[2]]()}\n{match[3]}",
        text,
        flags=re.DOTALL,
    )


def keys(of: Mapping[str, Mapping[str, Any]] = KEYS) -> str:
    """Every key of a table."""
    rows = [
        (f"`{name}`", _escaped(about["meaning"]), _escaped(about["form"]), _default(about["default"]))
        for name, about in of.items()
    ]
    return _table(("key", "", "form", "if not given"), rows)


def fields() -> str:
    """Every field of a frame."""
    return _table(("field", ""), [(f"`{name}`", _escaped(meaning)) for name, meaning in FIELDS.items()])


def of_presets() -> str:
    """Every preset, what it sets and where that is from."""
    rows = []
    for name, preset in presets().items():
        sets = ", ".join(f"`{key} = {_toml(value)}`" for key, value in preset.items() if key not in ABOUT)
        rows.append((f"`{name}`", _escaped(preset["about"]), _escaped(sets), _escaped(preset["source"])))
    return _table(("preset", "reader", "sets", "source"), rows)


BLOCKS: Final = {"keys": keys, "fields": fields, "presets": of_presets}


def _default(value: Any) -> str:
    if value is MISSING:
        return "must be given"
    return "" if value in ("", [], {}) else f"`{_toml(value)}`"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{name} = {_toml(one)}' for name, one in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _escaped(text: str) -> str:
    """Text in a cell: what looks like a tag is no tag, outside of code."""
    parts = re.split(r"(`[^`]*`)", text.replace("|", "\\|"))
    return "".join(part if part.startswith("`") else part.replace("<", "&lt;") for part in parts)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines).replace("|  |", "| |")


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8"), BLOCKS), "utf-8")
