"""What a denial says: sentences for people, under rules of which each means one thing."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

import pytest

from storage.base import Reach, new_id
from storage.identity import MembershipKind
from storage.partners import PartnerRole
from tenancy.conditions import Condition
from tenancy.decide import Allow, Deny, decide
from tenancy.policy import DENIED_TO_PARTNERS
from tenancy.principal import Principal
from tenancy.privileges import Privilege
from tenancy.sentences import denied_to_partners, listed, not_of_this_person, partner_managed, role_lacks, stranger
from tests.factories.principals import SIGNED_IN
from tests.tenancy.test_decide import denials, principal

SHARED: Final = frozenset({"PARTNER_MANAGED_SUBSCRIPTION", "SUPER_ADMIN_ONLY"})
"""Rules of several privileges; the others, those of the ten tasks among them, are of one."""
NO_LONGER_ACTS: Final = frozenset({"BILLING_MAY_NOT_ORGANISATION_ACT", "VIEWER_MAY_NOT_ORGANISATION_ACT"})
"""Said of everything to whoever has a token of a session and a role that does not act."""
SILENT_H: Final = ("hour", "honest")
LIKE_Y: Final = ("us", "uni", "eu", "one")


def every_denial() -> Iterator[tuple[str, Privilege, Deny]]:
    """Walk what is said to whom of every privilege."""
    for asker in SIGNED_IN:
        for privilege, denial in denials(asker):
            yield asker.name, privilege, denial
    for privilege in Privilege:
        yield "stranger", privilege, stranger("SOMETHING_NEW", privilege)


DENIALS: Final = tuple(every_denial())


def sentences(denial: Deny) -> list[str]:
    """Return what a denial says."""
    return [said for said in (denial.because, denial.who_can, denial.how_to_request) if said is not None]


def test_a_rule_is_of_one_privilege() -> None:
    privileges = defaultdict(set)
    for _name, privilege, denial in DENIALS:
        privileges[denial.rule].add(privilege)
    several = {rule for rule, found in privileges.items() if len(found) > 1}
    assert several == SHARED | NO_LONGER_ACTS


def test_a_rule_gives_one_reason() -> None:
    reasons = defaultdict(set)
    for _name, privilege, denial in DENIALS:
        reasons[denial.rule, privilege].add((denial.because, denial.who_can))
    assert {rule: said for rule, said in reasons.items() if len(said) > 1} == {}


def test_somebody_is_denied_a_privilege_by_one_rule() -> None:
    rules = {(name, privilege): denial.rule for name, privilege, denial in DENIALS}
    assert len(rules) == len(DENIALS)


def test_a_rule_names_what_it_denies_where_it_is_of_no_table_of_its_own() -> None:
    named = SHARED | NO_LONGER_ACTS | {denied.rule for denied in DENIED_TO_PARTNERS.values()}
    for _name, privilege, denial in DENIALS:
        assert denial.rule in named | {"PARTNER_ENDS_ITS_OWN_ACCESS"} or privilege.value in denial.rule


def test_the_tasks_that_are_denied_to_partners_have_a_rule_each() -> None:
    assert len({denied.rule for denied in DENIED_TO_PARTNERS.values()}) == len(DENIED_TO_PARTNERS) == 12


def test_every_sentence_starts_large_and_ends_in_a_full_stop() -> None:
    for name, privilege, denial in DENIALS:
        for said in sentences(denial):
            assert re.fullmatch(r"[A-Z].*[^.]\.", said), (name, privilege, said)
            assert "  " not in said
            assert "None" not in said


def test_whoever_is_told_how_to_ask_is_told_who_can() -> None:
    for name, privilege, denial in DENIALS:
        assert denial.how_to_request is None or denial.who_can is not None, (name, privilege)


def test_articles_fit_the_words_that_follow() -> None:
    seen = set()
    for _name, privilege, denial in DENIALS:
        for said in sentences(denial):
            for article, word in re.findall(r"\b([Aa]n?) (\w+)", said):
                vowel = word[0].lower() in "aeiou" and not word.lower().startswith(LIKE_Y)
                assert (article.lower() == "an") == (vowel or word.startswith(SILENT_H)), (privilege, said)
                seen.add(article)
    assert seen == {"A", "An", "a", "an"}


@pytest.mark.parametrize(
    ("names", "said"),
    [(["owner"], "owner"), (["owner", "viewer"], "owner or viewer"), (["a", "b", "c"], "a, b or c")],
)
def test_names_are_listed_as_in_a_sentence(names: list[str], said: str) -> None:
    assert listed(names) == said


def test_the_roles_that_hold_a_privilege_are_listed_in_the_tables_order() -> None:
    denial = role_lacks(PartnerRole.VIEWER, Privilege.CLIENT_EDIT, {PartnerRole.BILLING, PartnerRole.OWNER})
    assert denial.because == "A viewer may not edit clients."
    assert denial.who_can == "The owner or billing member of your company can."


def test_whoever_acts_is_told_of_the_escalation_and_others_to_act_first() -> None:
    task = Privilege.USER_RESET_PASSWORD
    acting = denied_to_partners(task, DENIED_TO_PARTNERS[task], acting=True)
    outside = denied_to_partners(task, DENIED_TO_PARTNERS[task], acting=False)
    assert (acting.escalable, outside.escalable) == (True, False)
    assert acting.how_to_request == (
        "File an escalation with escalationRequest (task USER_RESET_PASSWORD) about the user with userId;"
        " its super admin approves it for one use."
    )
    assert outside.how_to_request is not None
    assert outside.how_to_request.startswith("Act in the organisation with organisationManage, then file an escalation")
    whole = denied_to_partners(Privilege.ORG_ARCHIVE, DENIED_TO_PARTNERS[Privilege.ORG_ARCHIVE], acting=True)
    assert whole.how_to_request is not None
    assert "userId" not in whole.how_to_request
    assert whole.who_can == "The super admin of the organisation can."
    assert acting.who_can == "The super admin or an administrator of the organisation can."


def test_of_the_super_admin_nobody_else_is_named_where_nobody_can() -> None:
    spared = not_of_this_person("ADMINISTRATOR", Privilege.USER_EDIT, Condition.NOT_SUPER_ADMIN)
    assert spared.who_can is None
    told = not_of_this_person("PARTNER", Privilege.USER_EDIT, Condition.NOT_ADMINISTRATOR)
    assert told.who_can is not None


@pytest.mark.parametrize(
    ("name", "email", "said"),
    [
        ("Fir Hosting", "help@fir.test", "Fir Hosting (help@fir.test) can."),
        ("Fir Hosting", None, "Fir Hosting can."),
        (None, None, "Your partner can."),
    ],
)
def test_the_partner_to_turn_to_is_named(name: str | None, email: str | None, said: str) -> None:
    asking = Principal(new_id(), None, "ORG_USER", "ADMIN", new_id(), Reach.ORG, partner_name=name, partner_email=email)
    assert partner_managed(asking, Privilege.LICENCE_CHANGE).who_can == said


def test_what_is_held_is_not_denied_anywhere() -> None:
    member = next(asker for asker in SIGNED_IN if asker.kind is MembershipKind.PARTNER_MEMBER)
    assert isinstance(decide(principal(member), Privilege.CLIENT_READ), Allow)
    assert Privilege.CLIENT_READ not in {privilege for privilege, _denial in denials(member)}
