"""Each compiled module is the one that runs, and what its stub says is what it has."""

import ast
import importlib
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
NAMES = sorted(source.stem for source in (ROOT / "ext").glob("*.pyx"))


def compiled(name: str) -> ModuleType:
    return importlib.import_module(f"tracker.domain.{name}")


def members(body: list[ast.stmt]) -> set[str]:
    """What a stub's module or class defines, without what is private."""
    found = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return {name for name in found if not name.startswith("_")}


def stub(name: str) -> list[ast.stmt]:
    return ast.parse((ROOT / "tracker" / "domain" / f"{name}.pyi").read_text()).body


def own(module: ModuleType) -> set[str]:
    """The functions and classes that a compiled module defines itself, without private ones."""
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    }


def test_there_are_compiled_modules() -> None:
    assert "_scan" in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_compiled_module_is_the_one_that_is_loaded(name: str) -> None:
    assert str(compiled(name).__file__).endswith(tuple(EXTENSION_SUFFIXES))


@pytest.mark.parametrize("name", NAMES)
def test_a_stub_has_the_names_of_its_module_and_no_others(name: str) -> None:
    module, stubbed = compiled(name), members(stub(name))
    assert own(module) <= stubbed
    assert all(hasattr(module, each) for each in stubbed)


@pytest.mark.parametrize("name", NAMES)
def test_a_stub_has_the_members_of_each_class_and_no_others(name: str) -> None:
    for node in stub(name):
        if isinstance(node, ast.ClassDef):
            has = {member for member in vars(getattr(compiled(name), node.name)) if not member.startswith("_")}
            assert has == members(node.body), node.name


@pytest.mark.parametrize("name", NAMES)
def test_a_stub_names_the_arguments_of_each_function(name: str) -> None:
    for node in stub(name):
        if isinstance(node, ast.FunctionDef):
            # Cython writes the signature as the first line of the docstring: `fold(Names names, list parcels)`.
            signature = str(getattr(compiled(name), node.name).__doc__).splitlines()[0]
            arguments = signature.removeprefix(f"{node.name}(").removesuffix(")").split(", ")
            assert [argument.split()[-1] for argument in arguments] == [argument.arg for argument in node.args.args]
