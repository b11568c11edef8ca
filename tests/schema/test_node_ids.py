"""Tests of node ids: what goes in comes out, and nothing else is ever taken for an id."""

import re
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schema import node_ids

LONGEST = 40
CLIENT = UUID("01930000-0000-7000-8000-0000000000ab")
kinds = st.sampled_from(sorted(node_ids.KINDS))


@given(kinds, st.uuids())
def test_what_is_encoded_is_decoded(kind: str, identifier: UUID) -> None:
    """The round trip keeps the type and the UUID, within the length that is promised."""
    text = node_ids.encode(kind, identifier)
    assert node_ids.decode(text) == (kind, identifier)
    assert node_ids.of_kind(text, kind) == identifier
    assert len(text) <= LONGEST


@given(kinds, st.uuids())
def test_the_databases_text_gives_the_same_id(kind: str, identifier: UUID) -> None:
    """An id made in wire mode is the id made from a UUID."""
    assert node_ids.encode(kind, str(identifier)) == node_ids.encode(kind, identifier)


@given(kinds, kinds, st.uuids())
def test_another_types_id_is_never_a_row(kind: str, other: str, identifier: UUID) -> None:
    """An id names a row of its own type only."""
    expected = identifier if kind == other else node_ids.NEVER
    assert node_ids.of_kind(node_ids.encode(kind, identifier), other) == expected


@given(st.text() | st.from_regex(re.compile(r"[a-z]{3}[0-9]_[0-9a-fA-F]{32}\s?")), kinds)
@example("cli1_" + "\u0661" * 32, "Client")
def test_any_text_is_an_id_or_none(text: str, kind: str) -> None:
    """No text raises, and what decodes is exactly what encodes."""
    decoded = node_ids.decode(text)
    assert decoded is None or node_ids.encode(*decoded) == text
    assert node_ids.of_kind(text, kind) == (decoded[1] if decoded and decoded[0] == kind else node_ids.NEVER)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(f"cli1_{CLIENT.hex}0", id="too long"),
        pytest.param(f"cli1_{CLIENT.hex[1:]}", id="too short"),
        pytest.param(f"cli1_{CLIENT.hex}\n", id="line feed"),
        pytest.param(f"cli1_{CLIENT.hex.upper()}", id="upper-case digits"),
        pytest.param(f"CLI1_{CLIENT.hex}", id="upper-case tag"),
        pytest.param(f"xyz1_{CLIENT.hex}", id="unknown tag"),
        pytest.param(f"cli2_{CLIENT.hex}", id="another version"),
        pytest.param(f"cli1-{CLIENT.hex}", id="no underscore"),
        pytest.param(f"cli1_{CLIENT.hex[:-1]}g", id="not hexadecimal"),
        pytest.param(str(CLIENT), id="a bare UUID"),
    ],
)
def test_malformed_ids_are_no_ids(text: str) -> None:
    """Each way of being malformed answers like an unknown id."""
    assert node_ids.decode(text) is None
    assert node_ids.of_kind(text, "Client") == node_ids.NEVER


def test_the_form_is_the_published_one() -> None:
    """Clients keep ids, so the form may never change under one version."""
    assert node_ids.encode("Client", CLIENT) == "cli1_019300000000700080000000000000ab"


def test_tags_are_three_letters_and_distinct() -> None:
    """Two types with one tag could not be told apart."""
    tags = list(node_ids.KINDS.values())
    assert len(set(tags)) == len(tags)
    assert all(re.fullmatch("[a-z]{3}", tag) for tag in tags)
