"""The rooms: one noun has one file name in every layer, and every module says what it owns and stays short."""

import ast
from pathlib import Path
from typing import Final

import pytest

from storage import tables

ROOT: Final = Path(__file__).parents[2]
ROOMS: Final = ("gateway", "schema", "resolvers", "tenancy", "storage", "connectors")
LONGEST: Final = 400
FORBIDDEN: Final = frozenset({"utils", "helpers", "common", "manager", "managers", "types", "misc"})
MODULES: Final = tuple(
    path
    for room in ROOMS
    for path in sorted((ROOT / room).rglob("*.py"))
    if "node_modules" not in path.parts and "explorer" not in path.parts
)
every_module = pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))

WITHOUT_A_FACE: Final = frozenset({"identity", "events"})
"""Nouns of storage that clients are shown nothing of: their resolvers and types would be empty."""

NO_NOUNS: Final = frozenset(
    {
        *("context", "loading", "paging", "errors", "rules", "jobs"),
        *("root", "guarded", "specs", "lookahead", "money", "changing", "nodes", "node_ids", "connections"),
        *("payloads", "scalars", "enums", "verdicts"),
    }
)
"""What resolvers and the schema are built with: modules that are about no noun."""


def nouns(room: str) -> set[str]:
    """Return the nouns of a room, by the names of its modules and folders."""
    entries = {path.stem for path in (ROOT / room).iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    return {name for name in entries - NO_NOUNS if not name.startswith("_")}


def test_a_noun_has_one_name_in_every_layer() -> None:
    stored = {noun.__name__.partition(".")[2] for noun in tables.NOUNS}
    assert nouns("resolvers") == stored - WITHOUT_A_FACE
    assert {name for name in nouns("schema") if not name.endswith("_inputs")} == stored - WITHOUT_A_FACE
    singular = {noun.removesuffix("s") for noun in stored}
    assert {name.removesuffix("_inputs") for name in nouns("schema") if name.endswith("_inputs")} <= singular


@every_module
def test_a_module_says_what_it_owns_in_its_first_sentence(path: Path) -> None:
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert said
    assert said.splitlines()[0].endswith((".", ":", ",")) or len(said.splitlines()) > 1


@every_module
def test_a_module_is_not_long(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


@every_module
def test_a_module_is_named_for_something(path: Path) -> None:
    assert not FORBIDDEN & {path.stem, *path.relative_to(ROOT).parts[:-1]}
