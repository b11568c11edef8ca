"""The ten protected states of every organisation stay as they are, whatever a partner asks for and in whatever way.

An acting partner legitimately creates, edits and suspends ordinary members, which is none of the ten. So members who
are only invited may come, and by what takes USER_SUSPEND the standing of an ordinary member may move: its status, its
epoch and the end of its membership. Those of the super admin, of an administrator and of whoever is deleted may not.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any, Final, TypeAlias
from uuid import UUID

import pytest
import pytest_asyncio
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
)

from schema import node_ids
from storage.base import now
from storage.escalations import EscalationState
from tests.factories.checksums import everything
from tests.factories.clients import Answer, GatewayClient
from tests.factories.principals import OF_THE_PARTNER, OPERATOR, Asker
from tests.factories.worlds import MUTATIONS, guard_of, input_of, mutation_document, mutation_fields, node_kinds
from tests.tenancy.conftest import Ground
from tests.tenancy.expectations import DENIED, TABLES, expected
from tests.tenancy.inputs import accepted
from tests.tenancy.stages import House, escalated
from tests.tenancy.visibility import house_of

STATES: Final = {
    "ORG_CHANGE_SUPER_ADMIN": "super admin",
    "ORG_TFA_POLICY_SET": "TFA policy",
    "USER_ROLE_SET_ADMIN": "roles",
    "USER_PROFILE_IMAGE_SET": "images",
    "USER_RESET_PASSWORD": "credentials",
    "USER_DELETE": "deletions",
    "USER_BACKUP": "backups",
    "ORG_DASHBOARD_EDIT": "dashboard",
    "ORG_REFERRAL_USE": "referral",
    "ORG_CONTACT_SYNC_SET": "contact sync",
}
"""What each of the ten privileges is there to change."""
STANDING: Final = "standing of members"
GUARDS: Final = {mutation: str(guard_of(mutation_fields()[mutation])) for mutation in MUTATIONS}
PROTECTED: Final = tuple(mutation for mutation, guard in GUARDS.items() if guard in STATES)
VARIANTS: Final = 3
"""How many inputs are made out of each that is accepted; `scripts/isolation` makes ten times as many."""
MOST_AT_ONCE: Final = 12
MADE: Final = "made"
_STAND_INS: Final = {
    "partnerAccessApprove": "partnerAccessDecline",
    "partnerAccessExtend": "partnerAccessWithdraw",
    "organisationUnarchive": "organisationArchive",
}
"""Changes whose own example ends or narrows what the partner acts under; the other takes the same input."""

Ask: TypeAlias = tuple[str, dict[str, Any]]
Fact: TypeAlias = tuple[UUID, UUID | None, str]
"""The organisation, whom it is about (None where that is the organisation itself), and what is the case."""
Fingerprint: TypeAlias = Mapping[str, frozenset[Fact]]
partners = pytest.mark.parametrize("asker", [*OF_THE_PARTNER, OPERATOR], ids=str)

_FACTS: Final = """
WITH person AS (
    SELECT u.*, m.role AS place_role, m.login_id, m.epoch, m.valid_until, l.email AS login_email,
        u.role = 'MEMBER' AND u.status <> 'DELETED' AS ordinary
    FROM gateway.org_user u
    LEFT JOIN gateway.membership m ON m.id = u.membership_id
    LEFT JOIN gateway.login l ON l.id = m.login_id
    WHERE u.partner_id = ANY ($1) AND NOT (
        u.id <> ALL ($2) AND u.role = 'MEMBER' AND u.status IN ('INVITED', 'SUSPENDED')
        AND num_nonnulls(u.membership_id, u.profile_image, u.password_invalid_before, u.deleted_at) = 0
    )
), settings AS (SELECT * FROM gateway.org_settings WHERE partner_id = ANY ($1))
SELECT 'super admin', child_org_id, id, role FROM person WHERE role = 'SUPER_ADMIN'
UNION ALL SELECT 'super admin', child_org_id, NULL, ROW (id, email, state)::text FROM gateway.org_invitation
    WHERE child_org_id IN (SELECT child_org_id FROM gateway.org_user WHERE id = ANY ($2))
UNION ALL SELECT 'roles', child_org_id, id, ROW (role, place_role)::text FROM person
    WHERE role <> 'MEMBER' OR place_role <> 'MEMBER'
UNION ALL SELECT 'images', child_org_id, id, profile_image FROM person WHERE profile_image IS NOT NULL
UNION ALL SELECT 'credentials', child_org_id, id,
    ROW (email, password_invalid_before, membership_id, login_id, login_email)::text FROM person
UNION ALL SELECT 'credentials', child_org_id, id, ROW (epoch, valid_until)::text FROM person WHERE NOT ordinary
UNION ALL SELECT 'credentials', child_org_id, id, login_id::text FROM gateway.membership
    WHERE kind = 'ORG_USER' AND partner_id = ANY ($1)
UNION ALL SELECT 'deletions', child_org_id, id, ROW (status = 'DELETED', deleted_at)::text FROM person
UNION ALL SELECT CASE kind WHEN 'user.purge' THEN 'deletions' ELSE 'credentials' END, child_org_id,
    (payload ->> 'user_id')::uuid, ROW (id, kind)::text FROM gateway.outbox
    WHERE kind IN ('user.purge', 'mail.password_link') AND partner_id = ANY ($1)
UNION ALL SELECT 'backups', child_org_id, user_id, ROW (id, state, requested_by)::text FROM gateway.user_backup
    WHERE partner_id = ANY ($1)
UNION ALL SELECT 'TFA policy', child_org_id, NULL, tfa_policy FROM settings
UNION ALL SELECT 'dashboard', child_org_id, NULL, dashboard::text FROM settings
UNION ALL SELECT 'referral', child_org_id, NULL, ROW (referral_member, referral_code)::text FROM settings
UNION ALL SELECT 'contact sync', child_org_id, NULL, contact_sync::text FROM settings
UNION ALL SELECT 'standing of members', child_org_id, id, ROW (status, epoch, valid_until)::text FROM person
    WHERE ordinary
"""
"""All that the ten are about; members who were only invited since, and are no more than that, are left out."""


@dataclass(frozen=True)
class Watch:
    """All organisations of both partners; `known` are the users whom they had at first."""

    ground: Ground
    known: Sequence[UUID]

    async def read(self) -> Fingerprint:
        """Take the fingerprint as the database's owner, the standing of ordinary members beside the ten."""
        partners = [self.ground.mine.partner_id, self.ground.theirs.partner_id]
        found: dict[str, set[Fact]] = {state: set() for state in (*STATES.values(), STANDING)}
        for state, *fact in await self.ground.owner.fetch(_FACTS, partners, self.known):
            organisation, about, what = fact
            found[state].add((organisation, about, what))
        return {state: frozenset(facts) for state, facts in found.items()}

    async def since(self, before: Fingerprint) -> dict[str, frozenset[Fact]]:
        """Return which states moved, and what of each."""
        after = await self.read()
        return {state: before[state] ^ after[state] for state in before if before[state] != after[state]}


@pytest_asyncio.fixture
async def watch(ground: Ground) -> Watch:
    """The organisations as they were laid out."""
    await ground.kept.restore()
    rows = await ground.owner.fetch("SELECT id FROM gateway.org_user")
    return Watch(ground, [row["id"] for row in rows])


@dataclass(frozen=True)
class People:
    """The users of an organisation, by node id, and what else an input can be given instead of its own."""

    every: Sequence[str]
    held: Mapping[str, str]
    others: Sequence[str]
    texts: Sequence[str]


async def people_of(ground: Ground, house: House) -> People:
    """Read who is in an organisation, by role where somebody is active and by status otherwise."""
    rows = await ground.owner.fetch(
        "SELECT * FROM gateway.org_user WHERE child_org_id = $1 ORDER BY created_at, id", house.organisation_id
    )
    ids = [node_ids.encode("OrgUser", row["id"]) for row in rows]
    held = {row["role"] if row["status"] == "ACTIVE" else row["status"]: of for row, of in zip(rows, ids, strict=True)}
    elsewhere = [plot.houses[name].chosen["OrgUser"] for plot in (ground.mine, ground.theirs) for name in plot.houses]
    texts = [row["email"] for row in rows] + ["x" * 5_000, "", " ", "\x00", "de", "https://images.example/x.png"]
    return People(ids, held, [*house.chosen.values(), *elsewhere], texts)


# Inputs.


async def valid(mutation: str, house: House, ground: Ground, asker: Asker) -> dict[str, Any]:
    """Return an input that is accepted from somebody who may, under no key, so that no two are one attempt."""
    given = await accepted(_STAND_INS.get(mutation, mutation), house, ground.joined[asker.name])
    given.pop("idempotencyKey", None)
    return given


def aimed(mutation: str, given: dict[str, Any], people: People) -> Iterator[dict[str, Any]]:
    """Aim an input at each user of the organisation, where it names one."""
    fields = [name for name, kind in node_kinds(input_of(mutation)).items() if kind == "OrgUser"]
    yield from ({**given, name: user} for name in fields for user in people.every)
    yield given


def mutated(mutation: str, given: dict[str, Any], people: People, chance: Random) -> dict[str, Any]:
    """Return an input with some of its fields given otherwise."""
    fields = input_of(mutation).fields
    chosen = chance.sample(sorted(fields), chance.randint(1, min(3, len(fields))))
    return {**given, **{name: otherwise(fields[name].type, given.get(name), people, chance) for name in chosen}}


def otherwise(kind: Any, value: Any, people: People, chance: Random) -> Any:
    """Return another value of an input type."""
    if not is_non_null_type(kind) and chance.random() < 0.25:
        return None
    named = get_named_type(kind)
    if isinstance(named, GraphQLInputObjectType):
        return {}
    if isinstance(named, GraphQLEnumType):
        members = list(named.values)
        several = is_list_type(get_nullable_type(kind))
        return chance.sample(members, chance.randint(0, len(members))) if several else chance.choice(members)
    by_scalar: dict[str, Sequence[Any]] = {
        "Boolean": [not value],
        "Int": [-1, 0, 1, 2**31 - 1],
        "ID": chance.choice([people.every, people.others]),
    }
    return chance.choice(by_scalar.get(named.name, people.texts))


# Asking.


def codes_of(answer: Answer) -> list[str]:
    """Return what became of each change that was asked for: a code, or that it was made."""
    payloads = [payload for payload in (answer.partial or {}).values() if payload]
    made = [[error["code"] for error in payload["userErrors"]] or [MADE] for payload in payloads]
    return [*answer.codes, *(code for codes in made for code in codes)]


async def together(client: GatewayClient, asks: Iterable[Ask]) -> list[str]:
    """Ask for changes under aliases, as many in one document as it takes."""
    waiting, codes = list(asks), []
    while waiting:
        batch, waiting = waiting[:MOST_AT_ONCE], waiting[MOST_AT_ONCE:]
        takes = ", ".join(f"$i{number}: {input_of(name).name}!" for number, (name, _given) in enumerate(batch))
        asked = " ".join(
            f"a{number}: {name}(input: $i{number}) {{ userErrors {{ code }} }}"
            for number, (name, _given) in enumerate(batch)
        )
        inputs = {f"i{number}": given for number, (_name, given) in enumerate(batch)}
        codes += codes_of(await client.run(f"mutation({takes}) {{ {asked} }}", **inputs))
    return codes


def unexpected(moved: Mapping[str, Any], asker: Asker, *guards: str) -> Mapping[str, Any]:
    """Leave out the standing of members, where somebody who may suspend them asked for that."""
    may = "USER_SUSPEND" in guards and expected(asker, "USER_SUSPEND").held
    return {state: facts for state, facts in moved.items() if not (may and state == STANDING)}


# Denied.


@partners
async def test_no_input_of_any_change_moves_one_of_the_ten(
    ground: Ground, watch: Watch, asker: Asker, request: pytest.FixtureRequest
) -> None:
    rounds = VARIANTS * (10 if request.config.getoption("--whole-product") else 1)
    house, client = house_of(asker, ground.mine), ground.ask(asker)
    people, codes, wrong = await people_of(ground, house), Counter[str](), {}
    before, untouched = await watch.read(), await everything(ground.owner)
    for mutation in MUTATIONS:
        chance = Random(f"{asker} {mutation}")  # noqa: S311 - the same in every run
        given = await valid(mutation, house, ground, asker)
        for _ in range(rounds):
            asked = mutated(mutation, given, people, chance)
            codes.update(codes_of(await client.run(mutation_document(mutation), input=asked)))
        codes.update(await together(client, [(mutation, asked) for asked in aimed(mutation, given, people)]))
        if await everything(ground.owner) == untouched:
            continue  # where nothing was written, nothing moved
        if moved := unexpected(await watch.since(before), asker, GUARDS[mutation]):
            wrong[mutation] = moved
        await ground.kept.restore()
        untouched = await everything(ground.owner)
    await ground.kept.restore()
    assert wrong == {}
    assert not codes["INTERNAL"]
    assert codes["FORBIDDEN"] > len(MUTATIONS)
    assert (codes[MADE] > 0) is any(expected(asker, guard).held for guard in GUARDS.values())


@partners
async def test_no_document_that_mixes_changes_moves_one_of_the_ten(ground: Ground, watch: Watch, asker: Asker) -> None:
    house, client = house_of(asker, ground.mine), ground.ask(asker)
    people, codes, chance = await people_of(ground, house), Counter[str](), Random(str(asker))  # noqa: S311 - as above
    for _ in range(3):
        await ground.kept.restore()
        before = await watch.read()
        asks = [(name, await valid(name, house, ground, asker)) for name in MUTATIONS]
        asks = [(name, chance.choice(list(aimed(name, given, people)))) for name, given in asks]
        chance.shuffle(asks)
        codes.update(await together(client, asks))
        assert unexpected(await watch.since(before), asker, *GUARDS.values()) == {}, asks
    await ground.kept.restore()
    assert not codes["INTERNAL"]
    assert codes["FORBIDDEN"]


def around(people: People, house: House) -> Iterator[Ask]:
    """Walk the ways to the effect of one of the ten that go by another change."""
    above = [people.held[role] for role in ("SUPER_ADMIN", "ADMIN")]
    for user in people.every:
        yield "orgUserEdit", {"id": user, "name": "Somebody Else", "department": "Desk", "phone": "+34911234567"}
    for email in people.texts[: len(people.every)]:
        yield "orgUserCreate", {"name": "The Same", "email": email, "administrator": False}
    yield "orgUserCreate", {"name": "Boss", "email": "boss@mail.example", "administrator": True}
    for user in (*above, people.held["DELETED"]):
        yield "orgUserSuspend", {"id": user}
        yield "orgUserReactivate", {"id": user}
    yield "clientEdit", {"id": house.chosen["Client"], "email": "partner@mail.example"}
    asked = {"subscriptionId": house.chosen["Subscription"], "days": 30, "extendable": True, "reason": "Support"}
    yield "partnerAccessRequest", {**asked, "fullAdministration": False, "privileges": list(STATES)}


async def own_approval(mutation: str, house: House, ground: Ground, asker: Asker) -> list[Ask]:
    """Ask for an escalation, approve one that was asked for, and use it."""
    given, task = await valid(mutation, house, ground, asker), GUARDS[mutation]
    about = target_of(mutation, given)
    wanted = {"state": EscalationState.REQUESTED, "user_id": about, "created_at": now()}
    waiting = await escalated(
        house.shop, **wanted, task=task, requested_by=ground.joined[asker.name].membership_id or house.client_id
    )
    whom = {"userId": node_ids.encode("OrgUser", about)} if about else {}
    return [
        ("escalationRequest", {"task": task, "reason": "They asked for it.", **whom}),
        ("escalationApprove", {"id": node_ids.encode("Escalation", waiting["id"])}),
        (mutation, given),
    ]


def target_of(mutation: str, given: Mapping[str, Any]) -> UUID | None:
    """Return the user whom an input is about; None where it is the organisation."""
    named = next((given[name] for name, kind in node_kinds(input_of(mutation)).items() if kind == "OrgUser"), None)
    decoded = node_ids.decode(named) if named else None
    return decoded[1] if decoded else None


@partners
async def test_no_way_around_moves_one_of_the_ten(ground: Ground, watch: Watch, asker: Asker) -> None:
    house, client = house_of(asker, ground.mine), ground.ask(asker)
    people = await people_of(ground, house)
    access = await valid("partnerAccessApprove", house, ground, asker)
    ways = [*around(people, house), ("partnerAccessApprove", access)]
    for mutation in PROTECTED:
        ways += await own_approval(mutation, house, ground, asker)
    before, approved = await watch.read(), "state IN ('APPROVED', 'USED')"
    codes = [code for way in ways for code in await together(client, [way])] + await together(client, ways)
    moved = await watch.since(before)
    approvals = await ground.owner.fetchval(f"SELECT count(*) FROM gateway.escalation WHERE {approved}")
    opened = await ground.owner.fetchval(
        "SELECT count(*) FROM gateway.partner_access WHERE child_org_id = $1 AND state = 'ACTIVE'",
        house.organisation_id,
    )
    await ground.kept.restore()
    assert (moved, approvals, opened) == ({}, 0, 1)
    assert "INTERNAL" not in codes
    assert codes.count("FORBIDDEN") >= 2 * len(PROTECTED)


# Allowed, so that the fingerprint is known to see.


def test_the_fingerprint_has_a_state_for_each_of_the_ten_and_every_one_has_its_change() -> None:
    assert set(STATES) == {privilege for privilege, row in TABLES["Table 4"].items() if row["operator"] == DENIED}
    assert {GUARDS[mutation] for mutation in PROTECTED} == set(STATES)


def concerned(mutation: str, given: Mapping[str, Any], house: House) -> set[UUID | None]:
    """Return about whom what moves may be: the former super admin makes room for the next."""
    former = {house.shop.super_admin["id"]} if STATES[GUARDS[mutation]] == "super admin" else set()
    return {target_of(mutation, given), *former}


def assert_moved(moved: Mapping[str, frozenset[Fact]], mutation: str, given: Mapping[str, Any], house: House) -> None:
    """Prove that the state of a change moved, in its organisation and about whom it names only."""
    assert STATES[GUARDS[mutation]] in moved
    places = {(organisation, about) for facts in moved.values() for organisation, about, _what in facts}
    assert places <= {(house.organisation_id, about) for about in concerned(mutation, given, house)}


@pytest.mark.parametrize("mutation", PROTECTED)
async def test_the_super_admin_moves_it(ground: Ground, watch: Watch, mutation: str) -> None:
    house = ground.mine.home
    given = await accepted(mutation, house, ground.joined["super admin"])
    before = await watch.read()
    codes = codes_of(await ground.ask("super admin").run(mutation_document(mutation), input=given))
    moved = await watch.since(before)
    await ground.kept.restore()
    assert codes == [MADE]
    assert_moved(moved, mutation, given, house)


@pytest.mark.parametrize("mutation", PROTECTED)
async def test_an_approved_escalation_moves_it_once_and_nothing_else(
    ground: Ground, watch: Watch, mutation: str
) -> None:
    house, asker, client = ground.mine.home, ground.joined["admin acting"].asker, ground.ask("admin acting")
    given, task, people = await valid(mutation, house, ground, asker), GUARDS[mutation], await people_of(ground, house)
    about = target_of(mutation, given)
    values = {"state": EscalationState.APPROVED, "usable_until": now() + timedelta(minutes=60), "decided_at": now()}
    await escalated(house.shop, task=task, user_id=about, **values)
    others = [(name, await valid(name, house, ground, asker)) for name in PROTECTED if GUARDS[name] != task]
    elsewhere = [(mutation, other) for other in aimed(mutation, given, people) if target_of(mutation, other) != about]
    before = await watch.read()
    assert set(await together(client, [*others, *elsewhere])) == {"FORBIDDEN"}
    assert await watch.since(before) == {}
    assert codes_of(await client.run(mutation_document(mutation), input=given)) == [MADE]
    moved, after = await watch.since(before), await watch.read()
    codes = await together(client, [(mutation, other) for other in aimed(mutation, given, people)])
    again = await watch.since(after)
    await ground.kept.restore()
    assert_moved(moved, mutation, given, house)
    assert (set(codes), again) == ({"FORBIDDEN"}, {})
