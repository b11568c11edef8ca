"""What the pages say can be followed: links lead somewhere, examples fit the schema, commands exist."""

import ast
import json
import os
import re
import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest
import typer
from graphql import GraphQLSchema, parse, validate

from gateway.cli import app
from schema.root import build_schema
from tests.docs.pages import PAGES, ROOT, Block, blocks, name_of, prose
from tests.factories.clients import GatewayClient

LINK: Final = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
SCRIPT: Final = re.compile(r"(?<![\w/])(?:\./)?(scripts/\w+)")
GATEWAY: Final = re.compile(r"^(?:\S+=\S+ )*(?:\.venv/bin/)?gateway (?P<rest>.+)$")
STRAY: Final = (
    re.compile(r"(?<![\w.])/(?:work|root|home|Users|tmp|mnt)/"),
    re.compile(r"(?<!no-emit-)index-url|pypi\.org/simple|_INDEX", re.IGNORECASE),
    re.compile(r"TODO|FIXME|lorem", re.IGNORECASE),
)


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    """The schema as graphql-core has it."""
    return build_schema()._schema  # noqa: SLF001 - Strawberry's public face does not validate


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head).strip().lower().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_relative_links_lead_somewhere(page: Path) -> None:
    for target in (found["target"] for found in LINK.finditer(prose(page))):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_nothing_of_one_machine_is_told(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for stray in STRAY:
        assert stray.search(text) is None, stray.pattern


@pytest.mark.parametrize("block", blocks("graphql"), ids=str)
def test_graphql_fits_the_schema(block: Block, schema: GraphQLSchema) -> None:
    assert validate(schema, parse(block.text)) == []


@pytest.mark.parametrize("block", [block for block in blocks("graphql") if "$" not in block.text], ids=str)
async def test_queries_without_variables_are_answered(block: Block, alder: GatewayClient) -> None:
    assert (await alder.run(block.text)).data


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_json_is_json(block: Block) -> None:
    assert json.loads(block.text)


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_python_parses_and_its_queries_fit_the_schema(block: Block, schema: GraphQLSchema) -> None:
    calls = (node for node in ast.walk(ast.parse(block.text)) if isinstance(node, ast.Call))
    asked = [ast.literal_eval(call.args[0]) for call in calls if getattr(call.func, "id", "") == "gql"]
    assert asked
    for document in asked:
        assert validate(schema, parse(document)) == []


@pytest.mark.parametrize("block", blocks("bash"), ids=str)
def test_scripts_exist(block: Block) -> None:
    for script in SCRIPT.findall(block.text):
        assert os.access(ROOT / script, os.X_OK), script


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_scripts_named_in_prose_exist(page: Path) -> None:
    for script in SCRIPT.findall(prose(page)):
        assert (ROOT / script).exists(), script


@pytest.mark.parametrize("block", blocks("bash"), ids=str)
def test_commands_exist_with_their_options(block: Block) -> None:
    for line in re.sub(r"\\\n\s*", "", block.text).splitlines():
        found = GATEWAY.match(re.sub(r"^\w+=\$\((.*)\)$", r"\1", line))
        if found:
            _parse_command(shlex.split(found["rest"]))
        if line.startswith("./scripts/serve"):
            _parse_command(["serve", *shlex.split(line)[1:]])


def _parse_command(words: list[str]) -> None:
    """Walk to the command that the words name and look each option up."""
    command: Any = typer.main.get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    assert not hasattr(command, "commands"), words
    known = {option for given in command.params for option in (*given.opts, *given.secondary_opts)}
    assert {word for word in words if word.startswith("--")} <= known


@pytest.mark.parametrize("block", [block for block in blocks("bash") if "curl" in block.text], ids=str)
async def test_bodies_of_curl_are_answered(block: Block, alder: GatewayClient) -> None:
    words = shlex.split(block.text)
    bodies = [json.loads(body) for flag, body in pairwise(words) if flag == "-d"]
    assert bodies
    for body in bodies:
        assert (await alder.post(body)).data
