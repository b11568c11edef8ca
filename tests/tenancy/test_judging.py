"""One change is judged before anything of it happens: its privilege first, then the row that it hangs on."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from storage.base import new_id
from storage.clients import client, client_word
from storage.org_users import org_user
from storage.organisations import child_org
from tenancy.audit import Change
from tenancy.conditions import Condition
from tenancy.decide import ALLOW, Decision, Deny, When, decide
from tenancy.errors import ForbiddenError, NotFoundError
from tenancy.judging import Judge, UnjudgedTargetError
from tenancy.principal import Principal
from tenancy.privileges import Privilege
from tenancy.scope import WriteScope
from tests.factories.principals import SIGNED_IN, Asker
from tests.tenancy.conftest import Ground, attempt
from tests.tenancy.test_decide import principal

RESET: Final = attempt("orgUserResetPassword", privilege=Privilege.USER_RESET_PASSWORD)
DENIED: Final = Deny("NOT_YOURS", "It is not yours.")
ESCALABLE: Final = Deny("ASK_FIRST", "Ask first.", escalable=True)
BY_NAME: Final = {asker.name: asker for asker in SIGNED_IN}


def judge(decision: Decision, asker: Asker = SIGNED_IN[0]) -> Judge:
    """Make the judge of a change about which everything is decided alike."""

    def decided(_principal: Principal, _privilege: Privilege) -> Decision:
        return decision

    return Judge(decided, principal(asker), RESET)


# The judge alone.


def test_what_is_denied_is_refused_at_once() -> None:
    with pytest.raises(ForbiddenError) as refused:
        judge(DENIED).begin()
    assert refused.value.denial is DENIED


def test_what_an_escalation_may_lift_is_left_to_it() -> None:
    assert judge(ESCALABLE).begin() is ESCALABLE


def test_what_is_held_is_judged_no_further() -> None:
    judging = judge(ALLOW)
    assert judging.begin() is None
    judging.demand_judged()
    judging.judge(org_user, {"role": "SUPER_ADMIN"})


def test_a_change_without_a_privilege_of_its_own_is_judged_no_further() -> None:
    judging = Judge(decide, principal(BY_NAME["viewer"]), attempt(privilege=None))
    assert judging.begin() is None
    judging.demand_judged()


def test_what_hangs_on_the_target_waits_for_it() -> None:
    judging = judge(When(Condition.NOT_SUPER_ADMIN, DENIED))
    assert judging.begin() is None
    with pytest.raises(UnjudgedTargetError, match=r"orgUserResetPassword .* NOT_SUPER_ADMIN"):
        judging.demand_judged()
    judging.judge(client, {"role": "MEMBER"})
    with pytest.raises(UnjudgedTargetError):
        judging.demand_judged()
    with pytest.raises(ForbiddenError) as refused:
        judging.judge(org_user, {"role": "SUPER_ADMIN"})
    assert refused.value.denial is DENIED
    with pytest.raises(UnjudgedTargetError):
        judging.demand_judged()
    judging.judge(org_user, {"role": "MEMBER"})
    judging.demand_judged()


def test_oneself_is_the_membership_that_asks() -> None:
    judging = judge(When(Condition.SELF, DENIED))
    judging.begin()
    with pytest.raises(ForbiddenError):
        judging.judge(org_user, {"membership_id": new_id()})
    judging.judge(org_user, {"membership_id": judging.principal.membership_id})
    judging.demand_judged()


@pytest.mark.parametrize(
    ("decision", "denial"),
    [(ALLOW, None), (DENIED, DENIED), (ESCALABLE, ESCALABLE), (When(Condition.SELF, DENIED), DENIED)],
)
def test_a_further_privilege_that_hangs_on_the_target_is_not_enough(decision: Decision, denial: Deny | None) -> None:
    judging = judge(decision)
    if denial is None:
        judging.demand(Privilege.USER_DELETE)
        return
    with pytest.raises(ForbiddenError) as refused:
        judging.demand(Privilege.USER_DELETE)
    assert (refused.value.denial, refused.value.privilege) == (denial, Privilege.USER_DELETE)


# In a transaction.


async def _insert(db: WriteScope, _user: Any) -> None:
    await db.insert(org_user, {"child_org_id": new_id()})


async def _insert_many(db: WriteScope, user: Any) -> None:
    await db.insert_many(client_word, [{"client_id": user["id"], "word": "x"}])


async def _update(db: WriteScope, user: Any) -> None:
    await db.update(org_user, user, {"department": "Unjudged"})


async def _update_to_the_same(db: WriteScope, user: Any) -> None:
    await db.update(org_user, user, {"department": user["department"]})


async def _delete(db: WriteScope, user: Any) -> None:
    await db.delete_links(client_word, "client_id", user["id"])


async def _steer(db: WriteScope, user: Any) -> None:
    await db.steer(user["membership_id"])


async def _enqueue(db: WriteScope, user: Any) -> None:
    await db.enqueue("user.purge", {"user_id": str(user["id"])}, about=user)


async def _announce(db: WriteScope, user: Any) -> None:
    await db.announce(Change("org_user.reset", org_user, user))


EFFECTS: Final = (_insert, _insert_many, _update, _update_to_the_same, _delete, _steer, _enqueue, _announce)


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: effect.__name__.strip("_"))
async def test_nothing_is_written_before_the_target_is_judged(ground: Ground, effect: Callable[..., Any]) -> None:
    user, before = ground.mine.home.shop.user, await ground.sums()
    with pytest.raises(UnjudgedTargetError):
        async with ground.scope("administrator").write(RESET) as db:
            await effect(db, user)
    assert await ground.sums() == before


async def test_a_row_that_is_found_but_not_got_is_not_judged(ground: Ground) -> None:
    user, before = ground.mine.home.shop.user, await ground.sums()

    async def change() -> None:
        async with ground.scope("administrator").write(RESET) as db:
            found = await db.find(org_user, user["id"])
            assert found is not None
            await db.get(child_org, ground.mine.home.organisation_id, what="organisation")
            await db.steer(found["membership_id"])

    with pytest.raises(UnjudgedTargetError):
        await change()
    assert await ground.sums() == before


@pytest.mark.parametrize(
    ("name", "whom", "rule"),
    [
        ("administrator", "super_admin", "ADMINISTRATOR_MAY_NOT_USER_RESET_PASSWORD_OF_SUPER_ADMIN"),
        ("administrator", "admin", None),
        ("administrator", "user", None),
        ("super admin", "super_admin", None),
        ("user", "user", None),
    ],
)
async def test_the_locked_row_is_judged_before_any_effect(
    ground: Ground, name: str, whom: str, rule: str | None
) -> None:
    user, before = getattr(ground.mine.home.shop, whom), await ground.sums()
    scope = ground.scope(name)
    if rule is None:
        async with scope.write(RESET) as db:
            assert (await db.get(org_user, user["id"], what="user"))["id"] == user["id"]
            await db.enqueue("mail.password_link", {"user_id": str(user["id"])}, about=user)
            await db.announce(Change("org_user.reset", org_user, user))
        assert await ground.sums() != before
        await ground.kept.restore()
        return
    with pytest.raises(ForbiddenError) as refused:
        async with scope.write(RESET) as db:
            await db.get(org_user, user["id"], what="user")
    assert refused.value.denial.rule == rule
    assert scope.denied == {(Privilege.USER_RESET_PASSWORD, rule): "orgUserResetPassword"}
    assert await ground.sums() == before


async def test_a_member_of_the_organisation_does_not_find_anybody_else(ground: Ground) -> None:
    shop = ground.mine.home.shop
    async with ground.scope("user").write(RESET) as db:
        with pytest.raises(NotFoundError):
            await db.get(org_user, shop.admin["id"], what="user")


async def test_a_denied_further_privilege_rolls_back_and_is_noted_by_its_name(ground: Ground) -> None:
    user, before = ground.mine.home.shop.user, await ground.sums()
    scope = ground.scope("administrator")

    async def change() -> None:
        async with scope.write(attempt("orgUserEdit", privilege=Privilege.USER_EDIT)) as db:
            row = await db.get(org_user, user["id"], what="user")
            fresh = await db.update(org_user, row, {"department": "Further"})
            await db.announce(Change("org_user.edited", org_user, fresh, before=row))
            db.demand(Privilege.USER_CREATE)
            db.demand(Privilege.USER_ROLE_SET_ADMIN)

    with pytest.raises(ForbiddenError):
        await change()
    rule = "ADMINISTRATOR_MAY_NOT_USER_ROLE_SET_ADMIN"
    assert scope.denied == {(Privilege.USER_ROLE_SET_ADMIN, rule): "orgUserEdit"}
    assert await ground.sums() == before


async def test_a_further_privilege_that_hangs_on_the_target_counts_as_denied(ground: Ground) -> None:
    scope = ground.scope("administrator")
    with pytest.raises(ForbiddenError) as refused:
        async with scope.write(attempt("orgUserCreate", privilege=Privilege.USER_CREATE)) as db:
            db.demand(Privilege.USER_RESET_PASSWORD)
    assert refused.value.denial.rule == "ADMINISTRATOR_MAY_NOT_USER_RESET_PASSWORD_OF_SUPER_ADMIN"


async def test_a_denial_that_names_no_privilege_is_noted_of_none(ground: Ground) -> None:
    scope = ground.scope("owner")
    with pytest.raises(ForbiddenError):
        async with scope.write(attempt(privilege=None)):
            raise ForbiddenError(DENIED)
    assert scope.denied == {}
