"""The generated files are the code's, and what they say of statuses is what is answered."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from gateway.app import Layers
from gateway.http.errors import TRANSPORT_CODES
from gateway.reference import FILES, ROOT, STATUSES, main, stale
from gateway.settings import Settings
from schema.payloads import expected_errors
from storage.engine import Database
from tests.factories.clients import GatewayClient, running

WIDE: Final = "{" + " ".join(f"a{number}: __typename" for number in range(30)) + "}"
REFUSED: Final[dict[str, list[Any]]] = {
    "BAD_REQUEST": [b"{", b"[]", {"query": ""}],
    "BAD_USER_INPUT": [
        {"query": "query($n: Int!) { clients(first: $n) { nodes { id } } }"},
        {"query": 'mutation { clientCreate(input: {email: "none"}) { client { id } } }'},
    ],
    "DOCUMENT_TOO_LARGE": [{"query": WIDE}, {"query": " " * 15_001}, b" " * 1_000_001],
    "GRAPHQL_PARSE_FAILED": [{"query": "{"}],
    "GRAPHQL_VALIDATION_FAILED": [{"query": "{ nothing }"}],
}


@pytest.mark.parametrize("name", FILES)
def test_generated_files_are_current(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == FILES[name]()


def test_check_names_what_is_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("gateway.reference.ROOT", tmp_path)
    monkeypatch.setattr("sys.argv", ["reference", "--check"])
    assert main() == 1
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(FILES)
    assert not any(tmp_path.iterdir())

    monkeypatch.setattr("sys.argv", ["reference"])
    assert main() == 0
    assert list(stale(tmp_path)) == []

    (tmp_path / "schema.graphql").write_text("another\n")
    monkeypatch.setattr("sys.argv", ["reference", "--check"])
    capsys.readouterr()
    assert main() == 1
    assert capsys.readouterr().out == "schema.graphql is stale: run scripts/schema\n"


def test_a_status_is_told_of_each_code() -> None:
    expected = {kind.code for kind in expected_errors()}
    assert set(STATUSES) <= expected | set(TRANSPORT_CODES)
    assert set(TRANSPORT_CODES) <= set(STATUSES)


@pytest.mark.parametrize("code", REFUSED)
async def test_refusals_have_the_status_that_is_told(code: str, alder: GatewayClient) -> None:
    for body in REFUSED[code]:
        answer = await alder.post(body)
        assert set(answer.codes) == {code}
        assert str(answer.status) in STATUSES[code].split(", ")


async def test_a_passed_deadline_has_the_status_that_is_told(
    settings: Settings, layers: Layers, alder: GatewayClient
) -> None:
    hurried = settings.model_copy(update={"deadline_seconds": 0.0001})
    async with running(hurried, replace(layers, database=Database(layers.database.url, size=1))) as client:
        answer = await client.bearing(alder.token).run("{ viewer { partner { name } } }")
    assert answer.codes == ["DEADLINE_EXCEEDED"]
    assert answer.status == int(STATUSES["DEADLINE_EXCEEDED"])


async def test_other_statuses_are_those_that_are_told(
    alder: GatewayClient, gateway: GatewayClient, acting: Callable[[str], GatewayClient]
) -> None:
    assert (await gateway.run("{ viewer { kind } }")).status == int(STATUSES["UNAUTHENTICATED"])
    changed = await alder.get(
        "/graphql", query='mutation { clientCreate(input: {email: "a@b.example"}) { client { id } } }'
    )
    assert changed.status_code == int(STATUSES["METHOD_NOT_ALLOWED"])
    text = await alder.post(b"{}", headers={"Content-Type": "text/plain"})
    assert text.status == int(STATUSES["UNSUPPORTED_MEDIA_TYPE"])
    denied = await acting("alder-viewer").run("{ members { nodes { id } } }")
    assert (denied.status, denied.codes) == (200, ["FORBIDDEN"])
