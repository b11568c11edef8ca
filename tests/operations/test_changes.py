"""What holds for every change: who may make it, that a refused one leaves no trace, and that a key makes it once."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from schema.changing import LONGEST_KEY
from storage.base import new_id
from storage.events import idempotency_record
from storage.partners import PartnerRole
from tests.factories.clients import Answer, GatewayClient
from tests.operations.changes import CHANGES, SCHEMA, Change, Shop, assert_told, put, trail_of
from tests.operations.conftest import Unchanged
from tests.operations.worlds import LONG_AGO, strange_ids

CARD_NUMBER = "4242 4242-4242 4242"

every = pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.field)


def with_paths(named: str) -> pytest.MarkDecorator:
    """Give a test every change with every one of its input's fields of a type."""
    pairs = [(change, path) for change in CHANGES for path in change.fields_of(named)]
    return pytest.mark.parametrize(
        ("change", "path"), pairs, ids=[f"{change.field}-{'.'.join(path)}" for change, path in pairs]
    )


async def ask(caller: GatewayClient, change: Change, given: dict[str, Any]) -> Answer:
    return await caller.run(change.document, input=given)


def changed(answer: Answer, change: Change) -> Any:
    assert answer.user_errors == []
    return answer.payload[change.entity]


def test_names_every_change_of_the_schema() -> None:
    assert SCHEMA.mutation_type is not None
    assert {change.field for change in CHANGES} == set(SCHEMA.mutation_type.fields)


@pytest.mark.parametrize("role", PartnerRole)
@every
async def test_is_made_by_whom_the_table_names_and_nobody_else(
    change: Change, role: PartnerRole, shop: Shop, unchanged: Unchanged
) -> None:
    caller = shop.world.acting(role)
    given = await change.given(shop)
    if role in change.roles:
        answer = await ask(caller, change, given)
        assert changed(answer, change)["id"]
        assert_told(await trail_of(shop.world), shop.world, answer, change.field, role)
        return
    async with unchanged():
        answer = await ask(caller, change, given)
    assert answer.payload[change.entity] is None
    (error,) = answer.user_errors
    assert (error["code"], error["path"], error["retryable"]) == ("FORBIDDEN", [], False)
    assert error["rule"]
    assert error["whoCan"]
    (entry,) = (await trail_of(shop.world)).entries
    assert (entry["outcome"], entry["rule"], entry["operation"]) == ("DENIED", error["rule"], change.field)
    assert entry["actor_membership_id"] == shop.world.memberships[role]
    assert entry["request_id"] == answer.headers["x-request-id"]


@every
async def test_is_made_by_somebody(change: Change, shop: Shop) -> None:
    answer = await ask(change.by(shop), change, await change.given(shop))
    assert changed(answer, change)["id"]
    assert_told(await trail_of(shop.world), shop.world, answer, change.field, actor=change.actor(shop))


@every
async def test_denies_before_it_looks_at_the_input(change: Change, shop: Shop, unchanged: Unchanged) -> None:
    texts = [path[0] for path in change.fields_of("String") if len(path) == 1]
    worse = dict.fromkeys(texts, "") | dict.fromkeys([name for (name,) in change.fields_of("ID")], "no id")
    worse.pop("idempotencyKey", None)
    given = await change.given(shop)
    async with unchanged():
        answer = await ask(change.lesser(shop), change, {**given, **worse})
    assert answer.user_codes == ["FORBIDDEN"]


@every
async def test_needs_somebody_who_is_signed_in(change: Change, shop: Shop, unchanged: Unchanged) -> None:
    given = await change.given(shop)
    async with unchanged():
        answer = await ask(shop.world.gateway, change, given)
    assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])
    assert answer.partial is None


@every
async def test_writes_one_event_and_one_audit_entry_for_each_row(change: Change, shop: Shop) -> None:
    given = await change.given(shop)
    before = {row["id"]: row["version"] for row in await shop.world.rows(change.table)}
    made = changed(answer := await ask(change.by(shop), change, given), change)
    trail = await trail_of(shop.world)
    assert_told(trail, shop.world, answer, change.field, actor=change.actor(shop))
    targets = [(entry["target_kind"], entry["target_id"]) for entry in trail.entries]
    assert len(set(targets)) == len(targets)
    (first, *_others) = trail.entries
    assert first["target_kind"] == change.table.name
    assert first["target_version"] == before.get(first["target_id"], 0) + 1
    if made["id"].endswith(first["target_id"].hex):
        assert made.get("version", 1) == first["target_version"]
    assert len(await shop.world.rows(change.table)) == len(before) + change.adds


@with_paths("String")
async def test_refuses_a_card_number_in(
    change: Change, path: tuple[str, ...], shop: Shop, unchanged: Unchanged
) -> None:
    given = await change.given(shop)
    async with unchanged():
        answer = await ask(change.by(shop), change, put(given, path, CARD_NUMBER))
    assert answer.user_codes == ["CARD_NUMBER_REFUSED"]
    assert answer.user_errors[0]["path"] == ["input", *path]
    assert "4242" not in str(answer.body)


@with_paths("String")
async def test_refuses_a_nul_character_in(
    change: Change, path: tuple[str, ...], shop: Shop, unchanged: Unchanged
) -> None:
    given = await change.given(shop)
    async with unchanged():
        answer = await ask(change.by(shop), change, put(given, path, "tok_visa:\0"))
    assert (answer.status, answer.codes) == (400, ["BAD_USER_INPUT"])


@with_paths("ID")
async def test_answers_every_strange_id_like_an_unknown_one(
    change: Change, path: tuple[str, ...], shop: Shop, unchanged: Unchanged
) -> None:
    (name,) = path
    given = await change.given(shop)
    told = set()
    async with unchanged():
        for strange in strange_ids(change.kinds[name]).values():
            answer = await ask(change.by(shop), change, {**given, name: strange})
            assert answer.user_codes == ["NOT_FOUND"], strange
            assert answer.user_errors[0]["path"] == ["input", name]
            told.add(str(answer.user_errors))
    assert len(told) == 1


@with_paths("ID")
async def test_answers_another_partner_s_id_like_an_unknown_one(
    change: Change, path: tuple[str, ...], shop: Shop, other_shop: Shop, unchanged: Unchanged
) -> None:
    (name,) = path
    given, foreign = await change.given(shop), (await change.given(other_shop)).get(name)
    if name == "planId" or foreign is None:
        return  # plans are everybody's; a card is another test's
    async with unchanged():
        answer = await ask(change.by(shop), change, {**given, name: foreign})
    assert answer.user_codes == ["NOT_FOUND"]
    assert answer.user_errors[0]["path"] == ["input", name]


@every
async def test_refuses_null_for_what_must_be_given(change: Change, shop: Shop, unchanged: Unchanged) -> None:
    needed = [name for name, field in change.takes.fields.items() if str(field.type).endswith("!")]
    given = await change.given(shop)
    async with unchanged():
        for name in needed:
            answer = await ask(change.by(shop), change, {**given, name: None})
            assert (answer.status, answer.codes) == (400, ["BAD_USER_INPUT"]), name
            assert answer.errors[0]["extensions"]["inputPath"] == ["input", name]


keyed = pytest.mark.parametrize(
    "change", [change for change in CHANGES if change.keyed], ids=lambda change: change.field
)


@keyed
async def test_makes_it_once_for_one_key(change: Change, shop: Shop) -> None:
    given = {**(await change.given(shop)), "idempotencyKey": "once"}
    first = changed(await ask(change.by(shop), change, given), change)
    rows, trail = await shop.world.rows(change.table), await trail_of(shop.world)
    again = changed(await ask(change.by(shop), change, given), change)
    assert again == first
    assert await shop.world.rows(change.table) == rows
    assert await trail_of(shop.world) == trail
    (kept,) = await shop.world.rows(idempotency_record)
    assert (kept["operation"], kept["key"], kept["outcome_kind"]) == (change.field, "once", change.table.name)
    assert (kept["expires_at"] - kept["created_at"]).days == 30


@keyed
async def test_gives_a_retry_the_entity_as_it_now_is(change: Change, shop: Shop) -> None:
    if "version" not in change.shows:
        return  # what never changes has no version
    given = {**(await change.given(shop)), "idempotencyKey": "once"}
    await ask(change.by(shop), change, given)
    (kept,) = await shop.world.rows(idempotency_record)
    await shop.world.change(change.table, kept["outcome_id"], version=77)
    assert changed(await ask(change.by(shop), change, given), change)["version"] == 77


@keyed
async def test_asks_again_who_may_before_it_answers_a_retry(change: Change, shop: Shop, unchanged: Unchanged) -> None:
    given = {**(await change.given(shop)), "idempotencyKey": "once"}
    changed(await ask(change.by(shop), change, given), change)
    async with unchanged():
        answer = await ask(change.lesser(shop), change, given)
    assert answer.user_codes == ["FORBIDDEN"]
    assert answer.payload[change.entity] is None


@keyed
async def test_refuses_a_used_key_with_another_input(change: Change, shop: Shop, unchanged: Unchanged) -> None:
    given = {**(await change.given(shop)), "idempotencyKey": "once"}
    changed(await ask(change.by(shop), change, given), change)
    async with unchanged():
        answer = await ask(change.by(shop), change, {**given, **change.other})
    assert answer.user_codes == ["IDEMPOTENCY_MISMATCH"]
    assert answer.user_errors[0]["path"] == ["input", "idempotencyKey"]
    assert answer.payload[change.entity] is None


@keyed
async def test_lets_a_failed_change_s_key_be_used_again(change: Change, shop: Shop, unchanged: Unchanged) -> None:
    given = {**(await change.given(shop)), "idempotencyKey": "once"}
    wrong: dict[str, Any] = {name: "no id" for (name,) in change.fields_of("ID")} or {
        "token": "tok_none",
        "companyName": " ",
    }
    wrong = {name: value for name, value in wrong.items() if name in given}
    wrong = wrong or ({"expectedVersion": 41} if change in VERSIONED else {"name": " "})
    async with unchanged():
        answer = await ask(change.by(shop), change, {**given, **wrong})
    assert answer.user_codes in (["NOT_FOUND"], ["CARD_TOKEN_UNKNOWN"], ["REQUIRED"], ["STALE_VERSION"])
    assert changed(await ask(change.by(shop), change, given), change)["id"]


@keyed
async def test_keeps_the_keys_of_partners_apart(change: Change, shop: Shop, other_shop: Shop) -> None:
    made = [
        changed(await ask(change.by(mine), change, {**(await change.given(mine)), "idempotencyKey": "once"}), change)[
            "id"
        ]
        for mine in (shop, other_shop)
    ]
    assert made[0] != made[1]


async def test_keeps_the_keys_of_operations_apart(shop: Shop) -> None:
    simple = [change for change in CHANGES if change.keyed and change.roles]
    for change in simple:
        given = {**(await change.given(shop)), "idempotencyKey": "once"}
        changed(await ask(change.by(shop), change, given), change)
    assert len(await shop.world.rows(idempotency_record)) == len(simple)


@keyed
@pytest.mark.parametrize(
    ("key", "code"), [("", "REQUIRED"), (" \t", "REQUIRED"), ("k" * (LONGEST_KEY + 1), "TOO_LONG")]
)
async def test_refuses_a_key_that_is_none(
    change: Change, key: str, code: str, shop: Shop, unchanged: Unchanged
) -> None:
    given = {**(await change.given(shop)), "idempotencyKey": key}
    async with unchanged():
        answer = await ask(change.by(shop), change, given)
    assert answer.user_codes == [code]
    assert answer.user_errors[0]["path"] == ["input", "idempotencyKey"]


@keyed
async def test_forgets_a_key_after_its_time(change: Change, shop: Shop) -> None:
    given = {**(await change.given(shop)), "idempotencyKey": "once"}
    await shop.world.add(
        idempotency_record,
        operation=change.field,
        key="once",
        input_hash=b"of another input",
        outcome_kind=change.table.name,
        outcome_id=new_id(),
        expires_at=LONG_AGO,
        **change.fence(shop),
    )
    made = changed(await ask(change.by(shop), change, given), change)
    (kept,) = await shop.world.rows(idempotency_record)
    assert kept["expires_at"] > datetime.now(UTC)
    assert made["id"].endswith(kept["outcome_id"].hex)
    assert changed(await ask(change.by(shop), change, given), change) == made


@keyed
async def test_takes_the_longest_key(change: Change, shop: Shop) -> None:
    given = {**(await change.given(shop)), "idempotencyKey": "k" * LONGEST_KEY}
    assert changed(await ask(change.by(shop), change, given), change)["id"]


@keyed
async def test_makes_it_once_when_two_ask_at_the_same_time(change: Change, shop: Shop) -> None:
    given = {**(await change.given(shop)), "idempotencyKey": "once"}
    answers = await asyncio.gather(*(ask(change.by(shop), change, given) for _ in range(3)))
    codes = [code for answer in answers for code in answer.user_codes]
    assert set(codes) <= {"IDEMPOTENCY_IN_FLIGHT"}
    made = {answer.payload[change.entity]["id"] for answer in answers if not answer.user_errors}
    assert len(made) == 1
    assert len(await shop.world.rows(idempotency_record)) == 1
    trail = await trail_of(shop.world)
    assert len({(entry["target_id"], entry["target_version"]) for entry in trail.entries}) == len(trail.entries)
    assert len({entry["request_id"] for entry in trail.entries}) == 1


@keyed
async def test_tells_that_the_change_with_this_key_is_still_being_made(
    change: Change, hasty_shop: Shop, unchanged: Unchanged
) -> None:
    owner = hasty_shop.world.owner
    given = {**(await change.given(hasty_shop)), "idempotencyKey": "once"}
    async with unchanged():
        await (other := owner.transaction()).start()
        await hasty_shop.world.add(
            idempotency_record,
            operation=change.field,
            key="once",
            input_hash=b"",
            expires_at=LONG_AGO,
            **change.fence(hasty_shop),
        )
        answer = await ask(change.by(hasty_shop), change, given)
        await other.rollback()
    assert answer.user_codes == ["IDEMPOTENCY_IN_FLIGHT"]
    assert answer.user_errors[0]["retryable"] is True


VERSIONED = [change for change in CHANGES if "expectedVersion" in change.takes.fields]
versioned = pytest.mark.parametrize("change", VERSIONED, ids=lambda change: change.field)
repeated = pytest.mark.parametrize(
    "change", [change for change in VERSIONED if change.repeats], ids=lambda change: change.field
)


@versioned
async def test_is_made_at_the_expected_version(change: Change, shop: Shop) -> None:
    given = {**(await change.given(shop)), "expectedVersion": 1}
    made = changed(await ask(change.by(shop), change, given), change)
    assert made["version"] == 2


@versioned
async def test_refuses_a_stale_version_and_tells_what_changed(change: Change, shop: Shop, unchanged: Unchanged) -> None:
    given = await change.given(shop)
    changed(await ask(change.by(shop), change, given), change)
    async with unchanged():
        answer = await ask(change.by(shop), change, {**given, **change.other, "expectedVersion": 1})
    (error,) = answer.user_errors
    assert (error["code"], error["path"]) == ("STALE_VERSION", ["input", "expectedVersion"])
    assert error["currentVersion"] == 2
    assert error["changedFields"]
    assert answer.payload[change.entity] is None


@versioned
async def test_tells_the_version_before_any_other_error(change: Change, shop: Shop, unchanged: Unchanged) -> None:
    given = {**(await change.given(shop)), "expectedVersion": 41}
    async with unchanged():
        answer = await ask(change.by(shop), change, given)
    assert answer.user_codes == ["STALE_VERSION"]
    assert answer.user_errors[0]["changedFields"] == []


@repeated
async def test_gives_a_retry_of_what_changed_nothing_the_entity(change: Change, shop: Shop) -> None:
    given = await change.given(shop)
    first = changed(await ask(change.by(shop), change, given), change)
    key = {"idempotencyKey": "once"} if change.keyed else {}
    for _ in range(2):
        assert changed(await ask(change.by(shop), change, {**given, **key}), change) == first


@repeated
async def test_writes_nothing_where_nothing_changes(change: Change, shop: Shop, unchanged: Unchanged) -> None:
    given = await change.given(shop)
    first = changed(await ask(change.by(shop), change, given), change)
    async with unchanged():
        assert changed(await ask(change.by(shop), change, given), change) == first


async def test_makes_the_changes_of_one_request_one_after_another(shop: Shop) -> None:
    answer = await shop.world.boss.run(
        """mutation($a: ClientCreateInput!, $b: ClientCreateInput!) {
          a: clientCreate(input: $a) { client { displayName } userErrors { code } }
          refused: clientCreate(input: {email: "x@quay.example"}) { client { id } userErrors { code path } }
          b: clientCreate(input: $b) { client { displayName } userErrors { code } }
        }""",
        a={"companyName": "First", "email": "a@quay.example"},
        b={"companyName": "Second", "email": "b@quay.example"},
    )
    assert answer.data == {
        "a": {"client": {"displayName": "First"}, "userErrors": []},
        "refused": {"client": None, "userErrors": [{"code": "REQUIRED", "path": ["input", "firstName"]}]},
        "b": {"client": {"displayName": "Second"}, "userErrors": []},
    }
    assert [row["payload"]["display_name"] for row in (await trail_of(shop.world)).events] == ["First", "Second"]


async def test_leaves_the_partner_s_neighbours_alone(shop: Shop, other_shop: Shop) -> None:
    before = await trail_of(other_shop.world)
    for change in (change for change in CHANGES if change.roles):
        changed(await ask(change.by(shop), change, await change.given(shop)), change)
    assert await trail_of(other_shop.world) == before
