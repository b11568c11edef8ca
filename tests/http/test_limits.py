"""How large a document may be, and that measuring it is little work however it is made."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest

from gateway.app import MOST_TOKENS
from gateway.http.graphql import LONGEST_DOCUMENT
from gateway.http.limits import MOST, DocumentLimits
from tests.factories.clients import Answer, GatewayClient


def deep(levels: int) -> str:
    """Make a document of a depth of at least three: a way to and fro between one client and one organisation."""
    left, inside, closing = levels - 3, "{ clients(first: 1) { nodes { ", " } } }"
    there = "organisations(first: 1) { nodes { "
    while left:
        step = {1: "defaultCard { ", 2: there}.get(left, f"{there}client {{ ")
        inside, closing = inside + step, closing + " }" * step.count("{")
        left -= step.count("{")
    return f"{inside}id{closing}"


def with_aliases(count: int) -> str:
    return "{ viewer { " + " ".join(f"a{number}: role" for number in range(count)) + " } }"


def with_directives(count: int) -> str:
    return "{ viewer { " + "role @include(if: true) " * count + "} }"


def with_roots(count: int) -> str:
    return "{ " + "viewer { role } " * count + "}"


def assert_too_large(answer: Answer) -> None:
    assert (answer.status, answer.codes) == (400, ["DOCUMENT_TOO_LARGE"])
    assert answer.partial is None


@pytest.mark.parametrize(
    ("make", "name"),
    [(deep, "depth"), (with_aliases, "aliases"), (with_directives, "directives"), (with_roots, "root fields")],
)
async def test_takes_the_most_and_refuses_one_more(
    make: Any, name: str, alder: GatewayClient, statements: list[str]
) -> None:
    assert (await alder.run(make(MOST[name]))).errors == []
    statements.clear()
    answer = await alder.run(make(MOST[name] + 1))
    assert_too_large(answer)
    assert answer.errors[0]["message"] == (
        f"The operation has {name} {MOST[name] + 1}; at most {MOST[name]} is accepted."
    )
    assert statements == []


@pytest.mark.parametrize(
    "document",
    [
        "{ viewer { ...A ...A } } fragment A on Viewer { " + " ".join(f"a{n}: role" for n in range(8)) + " }",
        "{ viewer { ... on Viewer { " + " ".join(f"a{n}: role" for n in range(16)) + " } } }",
        "{ ...A ...A } fragment A on Query { " + "viewer { role } " * 7 + "}",
        "{ clients { nodes { ...A } } } fragment A on Client { "
        + "organisations { nodes { client { " * 5
        + "id"
        + " } } }" * 5
        + " }",
        "{ viewer { " + "... @include(if: true) { role } " * 51 + "} }",
    ],
)
async def test_counts_what_fragments_hold_wherever_they_are_spread(document: str, alder: GatewayClient) -> None:
    assert_too_large(await alder.run(document))


async def test_measures_every_operation_of_a_document(alder: GatewayClient) -> None:
    document = f"query A {{ viewer {{ role }} }} query B {with_aliases(16)}"
    assert_too_large(await alder.post({"query": document, "operationName": "A"}))


async def test_counts_no_depth_of_introspection(gateway: GatewayClient) -> None:
    answer = await gateway.run(
        '{ __type(name: "Query") { name fields { type { name' + " ofType { name" * 13 + " }" * 16 + " }"
    )
    assert answer.data["__type"]["name"] == "Query"


async def test_refuses_a_document_of_too_many_characters(alder: GatewayClient) -> None:
    document = "{ viewer { role } }"
    filled = document + "#" + "x" * (LONGEST_DOCUMENT - len(document) - 1)
    assert (await alder.run(filled)).errors == []
    assert_too_large(await alder.run(filled + "x"))
    response = await alder.get("/graphql", query=filled + "x")
    assert response.status_code == 400


async def test_refuses_a_document_of_too_many_tokens(alder: GatewayClient) -> None:
    within = await alder.run("{ viewer { " + "role " * (MOST_TOKENS - 5 - 1) + "} }")
    assert "GRAPHQL_PARSE_FAILED" not in within.codes
    answer = await alder.run("{ viewer { " + "role " * (MOST_TOKENS - 5 + 1) + "} }")
    assert (answer.status, answer.codes) == (400, ["GRAPHQL_PARSE_FAILED"])


@contextmanager
def counted_calls() -> Iterator[list[int]]:
    """Count the calls of Python functions: the work that is done, however fast."""
    calls = [0]

    def note(_frame: Any, event: str, _argument: Any) -> None:
        calls[0] += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(before)


def doubled(number: int) -> str:
    """Spread each fragment twice in the one before it: twice as many visits with each, if none were remembered."""
    chain = " ".join(f"fragment F{n} on Viewer {{ ...F{n + 1} ...F{n + 1} }}" for n in range(number))
    return f"{{ viewer {{ ...F0 }} }} {chain} fragment F{number} on Viewer {{ role }}"


def fanned(number: int) -> str:
    """Spread in each fragment all that follow it."""
    fans = " ".join(
        f"fragment F{n} on Viewer {{ kind {' '.join(f'...F{m}' for m in range(n + 1, number + 1))} }}"
        for n in range(number)
    )
    return f"{{ viewer {{ ...F0 }} }} {fans} fragment F{number} on Viewer {{ role }}"


def nested(number: int) -> str:
    """Spread each fragment twice inside fields of the one before it."""
    chain = " ".join(
        f"fragment F{n} on Client {{ defaultCard {{ id }} "
        f"organisations {{ nodes {{ client {{ ...F{n + 1} }} client {{ ...F{n + 1} }} }} }} }}"
        for n in range(number)
    )
    return f"{{ clients {{ nodes {{ ...F0 }} }} }} {chain} fragment F{number} on Client {{ id }}"


SIZES: Final = {doubled: (20, 40, 80), fanned: (8, 16, 32), nested: (9, 18, 36)}


@pytest.mark.parametrize("make", SIZES, ids=lambda make: make.__name__)
async def test_does_no_more_than_some_cubes_of_work_for_fragments_in_fragments(make: Any, alder: GatewayClient) -> None:
    work = []
    for number in SIZES[make]:
        assert len(make(number)) <= LONGEST_DOCUMENT
        with counted_calls() as calls:
            answer = await alder.run(make(number))
        assert answer.status in {200, 400}
        assert set(answer.codes) <= {"DOCUMENT_TOO_LARGE"}
        work.append(calls[0])
    smallest, middle, largest = work
    assert middle < 9 * smallest
    assert largest < 9 * middle


async def test_enters_each_fragment_once(alder: GatewayClient, monkeypatch: pytest.MonkeyPatch) -> None:
    visits = []
    untouched = DocumentLimits._of  # noqa: SLF001 - what is counted

    def noted(limits: DocumentLimits, node: Any) -> Any:
        visits.append(node)
        return untouched(limits, node)

    monkeypatch.setattr(DocumentLimits, "_of", noted)
    await alder.run(doubled(90))
    assert len(visits) == 2 + 2 * 90 + 1


async def test_looks_ahead_into_each_fragment_once(alder: GatewayClient, monkeypatch: pytest.MonkeyPatch) -> None:
    visits = []
    from schema import lookahead  # noqa: PLC0415 - named where it is patched

    walk = lookahead._Walk  # noqa: SLF001 - what is counted
    untouched = walk._field  # noqa: SLF001 - as above

    def noted(self: Any, named: Any, node: Any) -> Any:
        visits.append(node)
        return untouched(self, named, node)

    monkeypatch.setattr(walk, "_field", noted)
    chain = " ".join(f"fragment F{n} on Client {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
    answer = await alder.run(
        f"{{ clients(first: 1) {{ nodes {{ ...F0 }} }} }} {chain} fragment F60 on Client {{ email }}"
    )
    assert answer.data["clients"]["nodes"][0]["email"]
    assert len(visits) <= 4
