"""The decision on its own, held against every cell of the tables in the documentation."""

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from storage.base import Reach, new_id
from storage.identity import MembershipKind
from storage.org_users import OrgRole
from storage.partners import PartnerRole
from tenancy.conditions import Condition
from tenancy.decide import ALLOW, Allow, Decision, Deny, When, decide
from tenancy.policy import DENIED_TO_PARTNERS, GRANTABLE, INSIDE, ORG_ROLE_NAMES, ROLE_NAMES, TEN
from tenancy.principal import Acting, Principal, reach_of
from tenancy.privileges import MEANINGS, Privilege
from tests.factories.principals import ACTING, FULL, MEMBERS, SIGNED_IN, Asker
from tests.tenancy.expectations import (
    ASKS,
    CELLS,
    DENIED,
    NO,
    NOT_AD,
    NOT_SA,
    RULES,
    SELF,
    TABLES,
    VERIFIED,
    YES,
    every_cell,
    expected,
)

WORDS: Final = {
    Condition.SELF: SELF,
    Condition.NOT_SUPER_ADMIN: NOT_SA,
    Condition.NOT_ADMINISTRATOR: NOT_AD,
    Condition.DOMAIN_VERIFIED: VERIFIED,
}
askers = pytest.mark.parametrize("asker", SIGNED_IN, ids=str)


def principal(asker: Asker) -> Principal:
    """Make the principal that a kind of asker is."""
    assert asker.kind is not None
    acting = None
    if asker.acts is not None:
        acting = Acting(new_id(), new_id(), full_administration=asker.acts is FULL, privileges=asker.acts)
    reach = reach_of(asker.kind, fenced=asker.fenced, acting=acting is not None)
    assert reach is not None
    login = new_id()
    return Principal(
        new_id(),
        login,
        asker.kind,
        asker.role,
        new_id(),
        reach,
        permissions=asker.permissions,
        privileges=asker.privileges,
        creator_role=asker.maker,
        acting=acting,
        staff_logins=frozenset({login}) if asker.works_for_the_partner else frozenset(),
    )


def denials(asker: Asker) -> Iterator[tuple[Privilege, Deny]]:
    """Walk what is said of everything that somebody does not hold, or holds towards some only."""
    for privilege in Privilege:
        decision = decide(principal(asker), privilege)
        if not isinstance(decision, Allow):
            yield privilege, decision if isinstance(decision, Deny) else decision.otherwise


# The tables are whole.


@pytest.mark.parametrize("title", TABLES)
def test_every_privilege_has_a_row_in_every_table_and_every_row_a_privilege(title: str) -> None:
    assert set(TABLES[title]) == {privilege.value for privilege in Privilege}


def test_every_cell_states_an_outcome() -> None:
    assert [cell for cell in every_cell() if cell[3] not in CELLS[cell[0]][cell[2]]] == []


def test_every_denial_has_a_rule() -> None:
    assert len(RULES) == 19
    for privilege, row in TABLES["Table 2"].items():
        for column, rule in (("PA", "rule for PA"), *((name, "rule for SA, AD, ME") for name in ("SA", "AD", "ME"))):
            assert row[column] not in {DENIED, ASKS} or row[rule], (privilege, column)
    for privilege, row in TABLES["Table 1"].items():
        assert row["rule"] or YES in row.values() or VERIFIED in row.values(), privilege


def test_what_is_denied_to_partners_is_so_in_each_table() -> None:
    denied = {name for name, row in TABLES["Table 2"].items() if row["rule for PA"].startswith("PARTNER_DENIED_")}
    assert denied == set(TEN)
    assert len(denied) == 10
    for name in denied:
        assert {TABLES["Table 1"][name][role] for role in PartnerRole} == {DENIED}
        assert TABLES["Table 1"][name]["rule"] == TABLES["Table 2"][name]["rule for PA"]
        assert set(TABLES["Table 4"][name].values()) == {DENIED}
        assert TABLES["Table 3"][name]["permission"] == NO
    asked = {name for name, row in TABLES["Table 2"].items() if row["PA"] == ASKS}
    assert asked == set(DENIED_TO_PARTNERS) - TEN


def test_what_an_access_can_name_is_what_the_table_ticks() -> None:
    assert {name for name, row in TABLES["Table 2"].items() if row["access"] == YES} == set(GRANTABLE)


def test_every_privilege_has_a_meaning_and_every_role_a_name() -> None:
    assert set(MEANINGS) == set(Privilege)
    assert set(ROLE_NAMES) == set(PartnerRole)
    assert set(ORG_ROLE_NAMES) == set(OrgRole)


# The decision is that of the tables.


def said(decision: Decision) -> tuple[bool, str | None, str | None]:
    """Put a decision into the tables' words: whether it is held, the rule that denies it, on what it hangs."""
    if isinstance(decision, Deny):
        return False, decision.rule, None
    if isinstance(decision, When):
        return True, decision.otherwise.rule, WORDS[decision.condition]
    return True, None, None


@askers
def test_the_decision_is_the_tables(asker: Asker) -> None:
    wrong = {}
    for privilege in Privilege:
        wanted = expected(asker, privilege)
        decided = said(decide(principal(asker), privilege))
        if decided != (wanted.held, wanted.rule, wanted.condition):
            wrong[privilege.value] = (decided, wanted)
    assert wrong == {}


@askers
def test_a_denial_says_why_in_a_sentence(asker: Asker) -> None:
    for privilege, denial in denials(asker):
        assert re.fullmatch(r"[A-Z][A-Z_]+", denial.rule), privilege
        for sentence in filter(None, (denial.because, denial.who_can, denial.how_to_request)):
            assert re.fullmatch(r"[A-Z][^\n]+\.", sentence), (privilege, sentence)


@pytest.mark.parametrize("asker", MEMBERS, ids=str)
def test_a_member_is_told_which_roles_can_and_whom_to_ask(asker: Asker) -> None:
    for privilege, denial in denials(asker):
        holders = [role for role in PartnerRole if TABLES["Table 1"][privilege][role] in {YES, VERIFIED}]
        if not holders or asker.role in holders:
            continue
        assert denial.who_can is not None
        assert denial.how_to_request is not None
        for role in PartnerRole:
            named = re.search(rf"\b{ROLE_NAMES[role]}\b", denial.who_can) is not None
            assert named == (role in holders), (privilege, role)
            assert not named or ROLE_NAMES[role] in denial.how_to_request


@askers
def test_whoever_can_is_named_where_anybody_can(asker: Asker) -> None:
    inside = {name for name, row in TABLES["Table 2"].items() if row["SA"] == YES}
    for privilege, denial in denials(asker):
        if asker.is_partners and privilege in inside and privilege in DENIED_TO_PARTNERS:
            assert denial.who_can is not None
            assert "super admin" in denial.who_can
            assert denial.how_to_request is not None
            assert f"task {privilege}" in denial.how_to_request


@askers
def test_an_escalation_lifts_only_what_an_acting_members_table_says(asker: Asker) -> None:
    may = asker in ACTING and TABLES["Table 1"]["ORGANISATION_ACT"][str(asker.role)] != NO
    liftable = {privilege for privilege, denial in denials(asker) if denial.escalable}
    assert liftable == (set(DENIED_TO_PARTNERS) if may else set())


@pytest.mark.parametrize("role", [OrgRole.SUPER_ADMIN, OrgRole.ADMIN])
def test_an_organisations_people_are_told_which_partner_to_turn_to(role: OrgRole) -> None:
    asking = principal(Asker("user", MembershipKind.ORG_USER, role))
    known = Principal(
        asking.membership_id,
        None,
        asking.kind,
        role,
        asking.partner_id,
        asking.reach,
        partner_name="Fir Hosting",
        partner_email="help@fir.test",
    )
    told, unknown = decide(known, Privilege.SUBSCRIPTION_CHANGE), decide(asking, Privilege.SUBSCRIPTION_CHANGE)
    assert isinstance(told, Deny)
    assert isinstance(unknown, Deny)
    assert told.who_can == "Fir Hosting (help@fir.test) can."
    assert unknown.who_can == "Your partner can."
    assert told.how_to_request is not None
    assert "changeRequestCreate" in told.how_to_request


@pytest.mark.parametrize("privilege", list(Privilege))
@pytest.mark.parametrize(
    ("kind", "role", "acts"),
    [
        ("PARTNER_MEMBER", None, False),
        ("PARTNER_MEMBER", "DIRECTOR", False),
        ("PARTNER_MEMBER", "DIRECTOR", True),
        ("PARTNER_MEMBER", None, True),
        ("ORG_USER", None, False),
        ("ORG_USER", "OWNER", False),
        ("SOMETHING_NEW", "OWNER", False),
    ],
)
def test_whoever_no_table_names_is_denied(kind: str, role: str | None, privilege: Privilege, *, acts: bool) -> None:
    acting = Acting(new_id(), new_id(), full_administration=True, privileges=FULL) if acts else None
    asking = Principal(new_id(), new_id(), kind, role, new_id(), Reach.STAFF, acting=acting)
    decision = decide(asking, privilege)
    assert isinstance(decision, Deny)
    assert decision.rule == f"{kind}_MAY_NOT_{privilege}"
    assert decision.because


def test_a_scripts_maker_who_is_no_longer_known_gives_it_nothing() -> None:
    script = next(asker for asker in SIGNED_IN if asker.kind is MembershipKind.API_CREDENTIAL)
    made = principal(script)
    orphan = Principal(
        made.membership_id,
        None,
        made.kind,
        None,
        made.partner_id,
        made.reach,
        privileges=made.privileges,
        creator_role=None,
    )
    held = [privilege for privilege in Privilege if decide(orphan, privilege) == ALLOW]
    assert held == [Privilege.VIEWER_READ]


def test_every_condition_has_a_word() -> None:
    assert set(WORDS) == set(Condition)
    used: set[Any] = {
        cell for row in INSIDE.values() for cell in (row.acting, row.super_admin, row.administrator, row.member)
    }
    assert {cell for cell in used if isinstance(cell, Condition)} <= set(WORDS)
