"""Revocation, dismissal and a change of role hold at the next request of each kind of principal, whatever its token."""

from typing import Any, Final

import pytest

from storage.base import FOREVER, new_id
from storage.partners import PartnerRole
from tests.factories.principals import SIGNED_IN, Asker, Joined
from tests.factories.worlds import mutation_document
from tests.tenancy.conftest import Ground
from tests.tenancy.inputs import accepted

ME: Final = "UPDATE gateway.membership SET {} WHERE id = $1"
ACCESS: Final = "UPDATE gateway.partner_access SET {} WHERE id = $1"
SESSION: Final = "UPDATE gateway.acting_session SET {} WHERE id = $1"
MAKER: Final = "UPDATE gateway.membership SET {} WHERE id = (SELECT created_by FROM gateway.membership WHERE id = $1)"
OVER: Final = "'2020-01-01'"
ELM: Final = "SELECT id FROM gateway.partner_org WHERE name = 'Elm Hosting'"
JOINS: Final = (
    "UPDATE gateway.membership SET login_id = (SELECT login_id FROM gateway.membership WHERE id = $1)"
    " WHERE kind = 'PARTNER_MEMBER' AND role = 'VIEWER'"
    " AND partner_id = (SELECT partner_id FROM gateway.membership WHERE id = $1)"
)

_EVERYBODY: Final = ("owner", "owner acting", "super admin", "user", "contact with everything", "script", "operator")
ENDINGS: Final = (
    *((name, ME.format(f"valid_until = {OVER}"), "me") for name in (*_EVERYBODY, "fenced script")),
    *((name, ME.format("epoch = epoch + 1"), "me") for name in (*_EVERYBODY, "fenced script")),
    ("owner acting", ACCESS.format("state = 'ENDED'"), "access"),
    ("owner acting", ACCESS.format("state = 'EXPIRED'"), "access"),
    ("owner acting", ACCESS.format(f"expires_at = {OVER}"), "access"),
    ("owner acting", SESSION.format(f"expires_at = {OVER}"), "session"),
    ("owner acting", "DELETE FROM gateway.acting_session WHERE id = $1", "session"),
    ("script", MAKER.format(f"valid_until = {OVER}"), "me"),
    ("fenced script", MAKER.format(f"valid_until = {OVER}"), "me"),
    ("script", MAKER.format("kind = 'OPERATOR'"), "me"),
    ("script", MAKER.format(f"partner_id = ({ELM})"), "me"),
)
"""Who is out, and by what: it is done to the membership, the access or the session."""

LOSSES: Final = (
    ("owner", ME.format("role = 'VIEWER'"), "me", "CLIENT_EDIT", "VIEWER_MAY_NOT_CLIENT_EDIT", "clientEdit"),
    (
        "admin acting",
        ME.format("role = 'BILLING'"),
        "me",
        "USER_EDIT",
        "BILLING_MAY_NOT_ORGANISATION_ACT",
        "orgUserEdit",
    ),
    (
        "admin acting",
        ACCESS.format("full_administration = false, privileges = '{ORG_READ}'"),
        "access",
        "USER_EDIT",
        "ACCESS_LACKS_USER_EDIT",
        "orgUserEdit",
    ),
    (
        "script",
        ME.format("privileges = '{CLIENT_READ}'"),
        "me",
        "CLIENT_EDIT",
        "API_CREDENTIAL_LACKS_CLIENT_EDIT",
        "clientEdit",
    ),
    (
        "script",
        MAKER.format("role = 'SUPPORT'"),
        "me",
        "CLIENT_EDIT",
        "API_CREDENTIAL_CREATOR_MAY_NOT_CLIENT_EDIT",
        "clientEdit",
    ),
    (
        "script",
        ME.format("client_ids = ARRAY[gen_random_uuid()]"),
        "me",
        "CLIENT_CREATE",
        "API_CREDENTIAL_FENCED_CLIENT_CREATE",
        "clientCreate",
    ),
    (
        "contact with everything",
        ME.format("permissions = '{INVOICES}'"),
        "me",
        "CHANGE_REQUEST_CREATE",
        "CONTACT_NEEDS_SUBSCRIPTIONS_TO_CHANGE_REQUEST_CREATE",
        "changeRequestCreate",
    ),
    ("super admin", ME.format("role = 'MEMBER'"), "me", "USER_EDIT", "ORG_MEMBER_MAY_NOT_USER_EDIT", "orgUserEdit"),
    (
        "administrator",
        JOINS,
        "me",
        "USER_EDIT",
        "PARTNER_STAFF_MAY_NOT_USER_EDIT",
        "orgUserEdit",
    ),
)
"""Who loses what, by what and by which rule, and a change that it can no longer make."""


def asker_of(name: str) -> Asker:
    """Return a principal by its name."""
    return next(asker for asker in SIGNED_IN if asker.name == name)


def hit(joined: Joined, what: str) -> Any:
    """Return the id of what a statement changes."""
    return {"me": joined.membership_id, "access": joined.access, "session": joined.session}[what]


@pytest.mark.parametrize(("name", "statement", "what"), ENDINGS, ids=[f"{case[0]}: {case[1]}" for case in ENDINGS])
async def test_whoever_is_dismissed_or_revoked_is_out(ground: Ground, name: str, statement: str, what: str) -> None:
    await ground.kept.restore()
    asking, joined = ground.ask(name), ground.joined[name]
    given = await accepted("clientEdit", ground.mine.home, joined)
    assert (await asking.run("{ viewer { kind } }")).data["viewer"]["kind"]
    await ground.owner.execute(statement, hit(joined, what))
    before = await ground.all_sums()
    for answer in (
        await asking.run("{ viewer { kind } clients(first: 1) { nodes { id } } orgUsers(first: 1) { nodes { id } } }"),
        await asking.run(mutation_document("clientEdit"), input=given),
    ):
        assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])
        assert not answer.partial
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert await ground.all_sums() == before
    await ground.kept.restore()


@pytest.mark.parametrize(
    ("name", "statement", "what", "privilege", "rule", "mutation"),
    LOSSES,
    ids=[f"{case[0]} loses {case[3]} by {case[4]}" for case in LOSSES],
)
async def test_whoever_loses_something_is_denied_it(  # noqa: PLR0913, PLR0917 - who, by what, what, and how it shows
    ground: Ground, name: str, statement: str, what: str, privilege: str, rule: str, mutation: str
) -> None:
    await ground.kept.restore()
    asking, joined = ground.ask(name), ground.joined[name]
    question = f"{{ viewerCan(privilege: {privilege}) {{ allowed rule }} }}"
    assert (await asking.run(question)).data["viewerCan"]["allowed"]
    given = await accepted(mutation, ground.mine.houses[asker_of(name).house], joined)
    await ground.owner.execute(statement, hit(joined, what))
    before = await ground.all_sums()
    assert (await asking.run(question)).data["viewerCan"] == {"allowed": False, "rule": rule}
    answer = await asking.run(mutation_document(mutation), input=given)
    assert [error["rule"] for error in answer.user_errors] == [rule]
    assert await ground.all_sums() == before
    await ground.kept.restore()


async def test_a_revoked_access_takes_the_organisation_away_at_once(ground: Ground) -> None:
    await ground.kept.restore()
    house = ground.mine.home
    acting, owner, fenced = ground.ask("owner acting"), ground.ask("owner"), ground.ask("fenced script")
    organisation = house.chosen["ChildOrg"]
    node = "query($id: ID!) { node(id: $id) { id } }"
    for client in (acting, owner, fenced):
        assert (await client.run(node, id=organisation)).data["node"]["id"] == organisation
    revoked = await ground.ask("super admin").run(
        mutation_document("partnerAccessRevoke"), input={"id": house.chosen["PartnerAccess"]}
    )
    assert revoked.user_errors == []
    assert (await acting.run("{ viewer { kind } }")).status == 401
    for client in (owner, fenced):
        assert (await client.run(node, id=organisation)).codes == ["NOT_FOUND"]
        listed = (await client.run("{ organisations(first: 100) { nodes { id } } }")).data["organisations"]["nodes"]
        assert organisation not in {found["id"] for found in listed}
        sold = "query($id: ID!) { node(id: $id) { ... on Subscription { seats organisation { id } } } }"
        kept = await client.run(sold, id=house.chosen["Subscription"])
        assert kept.data["node"] == {"seats": 10, "organisation": None}
    managed = await owner.run(
        mutation_document("organisationManage"), input={"organisationId": organisation, "reason": "To see"}
    )
    assert managed.user_codes == ["NOT_FOUND"]
    contact = ground.ask("contact with everything")
    assert (await contact.run(node, id=organisation)).data["node"]["id"] == organisation
    await ground.kept.restore()


async def test_what_an_organisation_does_after_a_revocation_the_partner_is_not_told(ground: Ground) -> None:
    await ground.kept.restore()
    house = ground.mine.home
    admin = ground.ask("super admin")
    entries = "query($id: ID!) { audit(first: 100, filter: { organisationId: $id }) { nodes { operation } } }"

    async def read(name: str) -> set[str]:
        answer = await ground.ask(name).run(entries, id=house.chosen["ChildOrg"])
        return {node["operation"] for node in answer.data["audit"]["nodes"]}

    await admin.run(mutation_document("organisationArchive"), input={})
    assert "organisationArchive" in await read("owner")
    await admin.run(mutation_document("partnerAccessRevoke"), input={"id": house.chosen["PartnerAccess"]})
    await admin.run(mutation_document("organisationUnarchive"), input={})
    assert await read("super admin") >= {"organisationArchive", "partnerAccessRevoke", "organisationUnarchive"}
    assert "organisationUnarchive" not in await read("owner")
    assert "partnerAccessRevoke" in await read("owner")
    await ground.kept.restore()


async def test_a_suspended_user_is_out_and_back_with_a_new_token_only(ground: Ground) -> None:
    await ground.kept.restore()
    user, admin = ground.ask("user"), ground.ask("administrator")
    given = {"id": ground.mine.home.chosen["OrgUser"]}
    assert (await user.run("{ viewer { kind } }")).status == 200
    for mutation in ("orgUserSuspend", "orgUserReactivate"):
        done = await admin.run(mutation_document(mutation), input=given)
        assert done.user_errors == []
        assert (await user.run("{ viewer { kind } }")).status == 401
    anew = ground.signer.sign(ground.identity("user").membership_id, 3)
    assert (await user.bearing(anew).run("{ viewer { kind } }")).data["viewer"]["kind"] == "ORG_USER"
    await ground.kept.restore()


async def test_a_token_for_a_session_of_somebody_else_is_nobodys(ground: Ground) -> None:
    mine, theirs = ground.joined["owner acting"], ground.theirs_joined["owner acting"]
    memberships = ground.mine.world.memberships
    assert mine.session is not None
    assert theirs.session is not None
    for membership, session in (
        (memberships[PartnerRole.ADMIN], mine.session),
        (memberships[PartnerRole.OWNER], theirs.session),
        (memberships[PartnerRole.OWNER], new_id()),
        (ground.identity("super admin").membership_id, mine.session),
        (ground.identity("script").membership_id, mine.session),
    ):
        token = ground.signer.sign_acting(
            membership,
            1,
            session=session,
            access=new_id(),
            organisation=ground.mine.home.organisation_id,
            until=FOREVER,
        )
        answer = await ground.ask("owner").bearing(token).run("{ viewer { kind } orgUsers(first: 1) { nodes { id } } }")
        assert (answer.status, answer.codes, answer.partial) == (401, ["UNAUTHENTICATED"], None)
