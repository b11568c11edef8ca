"""The ten states of an organisation that no partner changes: each change of the schema, fuzzed as whoever is a partner's.

What an acting partner may do is no breach of them: it invites members, edits and suspends them. So "roles" are those
of whoever is more than a member, "users" whether each is deleted, and "credentials" the address, login and password of
each and the sessions of those who administer; a suspension ends those of an ordinary member.
"""

from collections.abc import Mapping
from datetime import timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, get_named_type, is_list_type, is_non_null_type

from schema import node_ids
from storage.base import new_id, now
from storage.escalations import EscalationState
from storage.partners import PartnerRole
from tenancy.policy import ABOUT_A_USER, DENIED_TO_PARTNERS, TEN
from tenancy.privileges import Privilege
from tests.factories.layers import WHOLE, Weakness
from tests.factories.principals import ACTING, OF_THE_PARTNER, OPERATOR, Asker
from tests.factories.worlds import MUTATIONS, guard_of, input_of, mutation_document, mutation_fields, node_kinds
from tests.tenancy.conftest import Ground
from tests.tenancy.inputs import accepted, target_of
from tests.tenancy.stages import House, escalated
from tests.tenancy.visibility import house_of

GUARDS: Final = {mutation: Privilege(str(guard_of(mutation_fields()[mutation]))) for mutation in MUTATIONS}
STATES: Final[Mapping[str, str]] = {
    "super admin": "SELECT child_org_id, id, membership_id FROM gateway.org_user WHERE {mine} AND role = 'SUPER_ADMIN'",
    "TFA policy": "SELECT child_org_id, tfa_policy FROM gateway.org_settings WHERE {mine}",
    "roles": "SELECT id, role FROM gateway.org_user WHERE {mine} AND role <> 'MEMBER' UNION ALL"
    " SELECT id, role FROM gateway.membership WHERE {mine} AND kind = 'ORG_USER' AND role <> 'MEMBER'",
    "profile images": "SELECT id, profile_image FROM gateway.org_user WHERE {mine} AND profile_image IS NOT NULL",
    "credentials": "SELECT u.id, u.email, u.membership_id, u.password_invalid_before, m.login_id,"
    " CASE WHEN u.role <> 'MEMBER' THEN m.epoch END, CASE WHEN u.role <> 'MEMBER' THEN m.valid_until END"
    " FROM gateway.org_user u LEFT JOIN gateway.membership m ON m.id = u.membership_id"
    " WHERE u.{mine} AND u.created_at < '2026-01-01'",
    "users": "SELECT id, deleted_at, status = 'DELETED' FROM gateway.org_user"
    " WHERE {mine} AND created_at < '2026-01-01'",
    "backups": "SELECT * FROM gateway.user_backup WHERE {mine}",
    "dashboard": "SELECT child_org_id, dashboard FROM gateway.org_settings WHERE {mine}",
    "referral": "SELECT child_org_id, referral_member, referral_code FROM gateway.org_settings WHERE {mine}",
    "contact sync": "SELECT child_org_id, contact_sync FROM gateway.org_settings WHERE {mine}",
    "what partners must ask for": "SELECT id, status, domain, domain_status, domain_verified_at"
    " FROM gateway.child_org WHERE {mine} AND created_at < '2026-01-01'",
}
"""The ten, and the two that a partner must ask for; users and organisations are those that were there before."""
_SQL: Final = " UNION ALL ".join(
    f"SELECT '{name}' AS name, coalesce(sum(hashtextextended(t::text, 0)), 0)::numeric AS sum"
    f" FROM ({state.format(mine='partner_id = $1')}) AS t"
    for name, state in STATES.items()
)

STRINGS: Final = ("", " ", "x", "Sample", "a" * 1_500, "https://images.example/other.png", "ADMIN", "ORG_READ")
NUMBERS: Final = (-1, 0, 1, 2, 7, 30, 2**31 - 1)


async def protected(ground: Ground) -> dict[str, int]:
    """Sum up each protected state of all organisations of my partner, as the owner."""
    rows = await ground.owner.fetch(_SQL, ground.mine.partner_id)
    return {row["name"]: int(row["sum"]) for row in rows}


class Fuzz:
    """Makes inputs out of an accepted one: what is in it, and what else its types allow; always the same ones."""

    def __init__(self, ground: Ground, house: House, seed: str) -> None:
        self._chance = Random(seed)  # noqa: S311 - repeatable
        shop = house.shop
        users = (shop.super_admin, shop.admin, shop.user, house.suspended, house.deleted)
        self._ids: dict[str, list[str]] = {"OrgUser": [node_ids.encode("OrgUser", user["id"]) for user in users]}
        for other in ground.mine.houses.values():
            for kind, identifier in other.chosen.items():
                self._ids.setdefault(kind, []).append(identifier)

    def input(self, given: GraphQLInputObjectType, values: Mapping[str, Any]) -> dict[str, Any]:
        """Change an input: some fields left out, some emptied, some given something else."""
        kinds = node_kinds(given)
        made: dict[str, Any] = {}
        for name, field in given.fields.items():
            optional = not is_non_null_type(field.type)
            if optional and self._chance.random() < 0.25:
                continue
            kept = name in values and self._chance.random() < 0.4
            made[name] = values[name] if kept else self._value(field.type, kinds.get(name))
        return made

    def _value(self, kind: Any, node: str | None) -> Any:
        if is_non_null_type(kind):
            return self._value(kind.of_type, node)
        if is_list_type(kind):
            return [self._value(kind.of_type, node) for _ in range(self._chance.randint(0, 3))]
        named = get_named_type(kind)
        if isinstance(named, GraphQLInputObjectType):
            return self.input(named, {})
        if isinstance(named, GraphQLEnumType):
            return self._chance.choice(sorted(named.values))
        if node is not None:
            return self._chance.choice(self._ids[node])
        made: dict[str, Any] = {"Boolean": (True, False), "Int": NUMBERS, "EmailAddress": ("one@mail.example",)}
        return self._chance.choice(made.get(named.name, STRINGS))


async def deceptive(ground: Ground, asker: Asker, task: Privilege) -> None:
    """Store escalations of a task that are each good but for one thing."""
    house, world = house_of(asker, ground.mine), ground.mine.world
    member = ground.joined[asker.name].membership_id
    about = house.shop.user["id"] if task in ABOUT_A_USER else None
    another = next(place for role, place in world.memberships.items() if role != asker.role)
    good: dict[str, Any] = {
        "task": task,
        "user_id": about,
        "requested_by": member,
        "state": EscalationState.APPROVED,
        "usable_until": now() + timedelta(minutes=30),
    }
    other_user = ground.mine.houses["ruin"].shop.user["id"]
    tasks = sorted(set(DENIED_TO_PARTNERS) - {task})
    for wrong in (
        {"requested_by": another},
        {"usable_until": now() - timedelta(seconds=1)},
        {"usable_until": None},
        {"access_id": ground.mine.houses["ruin"].shop.access["id"]},
        {"user_id": new_id() if about is None else other_user},
        {"user_id": house.shop.user["id"] if about is None else None},
        {"task": tasks[0]},
        *({"state": state} for state in EscalationState if state is not EscalationState.APPROVED),
    ):
        await escalated(house.shop, **{**good, **wrong})
    await escalated(ground.mine.houses["cottage"].shop, **good)


def seen_by(asker: Asker, mutation: str) -> Privilege | None:
    """Return the task that an escalation could lift for somebody, if the change is one."""
    return GUARDS[mutation] if asker in ACTING and GUARDS[mutation] in DENIED_TO_PARTNERS else None


@pytest.mark.parametrize("asker", [*OF_THE_PARTNER, OPERATOR], ids=str)
async def test_nothing_that_a_partner_asks_for_changes_the_ten(
    ground: Ground, asker: Asker, request: pytest.FixtureRequest
) -> None:
    rounds = 12 if request.config.getoption("--whole-product") else 2
    house, breached = house_of(asker, ground.mine), []
    await ground.kept.restore()
    for mutation in MUTATIONS:
        takes, fuzz = input_of(mutation), Fuzz(ground, house, f"{asker} {mutation}")
        given = await accepted(mutation, house, ground.joined[asker.name])
        task = seen_by(asker, mutation)
        if task is not None:
            await deceptive(ground, asker, task)
        before = await protected(ground)
        for values in (given, *(fuzz.input(takes, given) for _ in range(rounds))):
            await ground.ask(asker).run(mutation_document(mutation), input=values)
            after = await protected(ground)
            breached += [(mutation, name, values) for name in STATES if after[name] != before[name]]
        await ground.kept.restore()
    assert breached == []


# That the test above can fail, and what an escalation lifts.


async def made(ground: Ground, mutation: str, weakness: Weakness = WHOLE, *, times: int = 1) -> tuple[int, set[str]]:
    """Ask for a change as the partner's acting administrator, several times at once: how often made, what changed."""
    asker = next(found for found in ACTING if found.role == PartnerRole.ADMIN)
    given = await accepted(mutation, ground.mine.home, ground.joined[asker.name])
    given.pop("idempotencyKey", None)  # with the same one, the second would be told of the first
    before = await protected(ground)
    head, _, rest = mutation_document(mutation).partition("{")
    body = rest.rpartition("}")[0]
    aliases = " ".join(f"a{number}: {body}" for number in range(times))
    document = f"{head} {{ {aliases} }}"
    answer = await ground.ask(asker, weakness).run(document, input=given)
    after = await protected(ground)
    done = sum(not payload["userErrors"] for payload in (answer.partial or {}).values())
    return done, {name for name in STATES if after[name] != before[name]}


async def test_every_state_would_change_if_nothing_were_denied(ground: Ground) -> None:
    changed: set[str] = set()
    for mutation in MUTATIONS:
        _times, states = await made(ground, mutation, Weakness(decided=False))
        changed |= states
        await ground.kept.restore()
    assert changed == set(STATES)


TASKS: Final = [mutation for mutation in MUTATIONS if GUARDS[mutation] in DENIED_TO_PARTNERS]


@pytest.mark.parametrize("mutation", TASKS)
async def test_an_approved_escalation_lifts_its_task_once(ground: Ground, mutation: str) -> None:
    await ground.kept.restore()
    house, task = ground.mine.home, GUARDS[mutation]
    asker = next(found for found in ACTING if found.role == PartnerRole.ADMIN)
    target: UUID | None = None
    if task in ABOUT_A_USER:
        given = await accepted(mutation, house, ground.joined[asker.name])
        decoded = node_ids.decode(given[target_of(mutation, "OrgUser")])
        assert decoded is not None
        target = decoded[1]
    assert await made(ground, mutation, times=2) == (0, set())
    good = {"task": task, "user_id": target, "state": EscalationState.APPROVED}
    await escalated(house.shop, **good, usable_until=now() + timedelta(minutes=30))
    times, states = await made(ground, mutation, times=2)
    assert times == 1
    assert states
    assert (await made(ground, mutation))[0] == 0
    await ground.kept.restore()


def test_each_of_the_ten_has_a_change() -> None:
    assert {GUARDS[mutation] for mutation in MUTATIONS} >= set(TEN)
