"""Who holds a privilege, in words."""

import re

import pytest

from storage.partners import PartnerRole
from tenancy.conditions import Condition
from tenancy.holders import TOWARDS, by_credential, cell, told
from tenancy.policy import CONTACTS, DENIED_TO_PARTNERS, OPERATORS, PARTNER_MANAGED, Cell
from tenancy.privileges import Privilege
from tests.tenancy.expectations import NO, TABLES, VERIFIED, YES

every = pytest.mark.parametrize("privilege", list(Privilege))


@every
def test_of_each_privilege_it_is_told_who_holds_it(privilege: Privilege) -> None:
    said = told(privilege)
    assert said.startswith("Held by ")
    assert said.endswith(".")
    first, second = TABLES["Table 1"][privilege], TABLES["Table 2"][privilege]
    roles = re.match(r"Held by the partner's ([A-Z, ]+)", said)
    named = roles[1].split(", ") if roles else []
    assert [name.strip() for name in named] == [role for role in PartnerRole if first[role] in {YES, VERIFIED}]
    for column, name in (("SA", "the organisation's super admin"), ("AD", "its administrators"), ("ME", "its members")):
        assert (name in said) == (second[column] not in {NO, "✗"}), column
    assert ("contact" in said) == (privilege in CONTACTS)
    assert ("the platform's staff" in said) == (privilege in OPERATORS)


@every
def test_what_is_denied_is_told_with_its_rule(privilege: Privilege) -> None:
    said = told(privilege)
    denied = DENIED_TO_PARTNERS.get(privilege)
    assert ("Denied to partners" in said) == (denied is not None)
    assert denied is None or denied.rule in said
    assert ("PARTNER_MANAGED_SUBSCRIPTION" in said) == (privilege in PARTNER_MANAGED)


@pytest.mark.parametrize(
    ("privilege", "said"),
    [
        (
            Privilege.ORGANISATION_ACT,
            "Held by the partner's OWNER, ADMIN, SUPPORT once a domain is verified.",
        ),
        (
            Privilege.USER_RESET_PASSWORD,
            (
                "Held by the organisation's super admin; its administrators but not towards the super admin;"
                " its members for oneself. Denied to partners (PARTNER_DENIED_RESET_PASSWORD) unless the super admin"
                " approves an escalation."
            ),
        ),
        (
            Privilege.CARD_CHANGE,
            (
                "Held by the partner's OWNER, ADMIN, BILLING; a partner's member who acts, if the role holds it."
                " Denied to the organisation's own people (PARTNER_MANAGED_SUBSCRIPTION)."
            ),
        ),
        (Privilege.INVOICE_PAY, "Held by contacts with the permission INVOICES."),
        (Privilege.PLAN_MANAGE, "Held by the platform's staff."),
    ],
)
def test_it_is_told_in_words(privilege: Privilege, said: str) -> None:
    assert told(privilege) == said


def test_every_contact_is_told_apart_from_one_with_a_permission() -> None:
    assert "every contact" in told(Privilege.NEWS_READ)
    assert "contacts with the permission CARDS" in told(Privilege.CARD_READ)


@every
def test_a_script_can_be_given_what_the_table_names(privilege: Privilege) -> None:
    said = TABLES["Table 4"][privilege]["credential"]
    assert by_credential(privilege) == (said in {"named", YES})


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (Cell.YES, "✓"),
        (Cell.NO, "\N{EN DASH}"),
        (Cell.ASKS, "✗"),
        (Cell.BY_ROLE, "by table 1"),
        (Condition.SELF, "self"),
        (Condition.NOT_SUPER_ADMIN, "not SA"),
        (Condition.NOT_ADMINISTRATOR, "not SA, AD"),
        (Condition.DOMAIN_VERIFIED, "with a verified domain"),
    ],
)
def test_a_cell_is_shown_as_the_tables_have_it(said: Cell | Condition, shown: str) -> None:
    assert cell(said) == shown


def test_every_cell_is_shown_in_its_own_way() -> None:
    shown = [cell(said) for said in (*Cell, *Condition)]
    assert len(set(shown)) == len(shown)
    assert set(TOWARDS) == set(Condition)
