"""What the package imports is declared, and what it declares does what it is there for."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

from aiokafka import codec

ROOT = Path(__file__).parents[1]


def imported() -> set[str]:
    """The first names of all that tracker imports, its own and Python's left out."""
    names = set()
    for source in (ROOT / "tracker").rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
    return names - sys.stdlib_module_names - {"tracker"}


def normal(distribution: str) -> str:
    return re.sub("[-_.]+", "-", distribution).lower()


def test_every_import_is_of_a_declared_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {normal(re.split("[=<>\\[]", line)[0]) for line in project["dependencies"]}
    distributions = packages_distributions()
    missing = {name for name in imported() if not declared & set(map(normal, distributions[name]))}
    # Faust brings these two, and we hand it what they make.
    assert missing <= {"mode", "yarl"}


def test_every_codec_of_kafka_is_there() -> None:
    assert codec.has_gzip()
    assert codec.has_snappy()
    assert codec.has_lz4()
    assert codec.has_zstd()
