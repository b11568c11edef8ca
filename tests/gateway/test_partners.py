"""Finding a partner by what somebody calls it."""

from typing import Any

import pytest

from gateway.partners import UnknownPartnerError, named
from schema import node_ids
from storage.base import new_id

ALDER, BIRCH, STRASSE = new_id(), new_id(), new_id()
ROWS: list[dict[str, Any]] = [
    {"id": ALDER, "name": "Alder Hosting"},
    {"id": BIRCH, "name": " Birch Cloud "},
    {"id": STRASSE, "name": "Straße"},
]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (str(ALDER), ALDER),
        (f" {ALDER.hex.upper()} ", ALDER),
        (node_ids.encode("PartnerOrg", BIRCH), BIRCH),
        ("Alder Hosting", ALDER),
        (" ALDER hosting\n", ALDER),
        ("birch cloud", BIRCH),
        ("STRASSE", STRASSE),
    ],
    ids=["a UUID", "a bare UUID", "a node id", "a name", "another case", "a name with blanks", "a folded letter"],
)
def test_a_partner_is_found_by_its_id_or_its_name(wanted: str, found: object) -> None:
    assert named(ROWS, wanted)["id"] == found


@pytest.mark.parametrize(
    "wanted",
    ["", "Alder", "Alder Hosting Ltd", str(new_id()), node_ids.encode("PartnerOrg", new_id())],
    ids=["nothing", "part of a name", "more than a name", "another UUID", "another node id"],
)
def test_what_is_no_partners_is_said(wanted: str) -> None:
    with pytest.raises(UnknownPartnerError) as refused:
        named(ROWS, wanted)
    assert str(refused.value) == f"No partner is '{wanted}'."


def test_the_id_of_another_kind_of_thing_is_no_partners() -> None:
    with pytest.raises(UnknownPartnerError, match=r"^No partner is"):
        named(ROWS, node_ids.encode("Client", ALDER))


def test_nobody_guesses_between_partners_of_one_name() -> None:
    rows = [*ROWS, {"id": new_id(), "name": "ALDER HOSTING"}]
    with pytest.raises(UnknownPartnerError, match=r"^Several partners are called 'alder hosting': give the id\.$"):
        named(rows, "alder hosting")
    assert named(rows, str(ALDER))["id"] == ALDER


def test_an_id_goes_before_a_name() -> None:
    rows = [{"id": new_id(), "name": str(ALDER)}, *ROWS]
    assert named(rows, str(ALDER))["name"] == "Alder Hosting"
