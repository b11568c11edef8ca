"""Who is asking."""

import pytest

from gateway.identity.tokens import TokenSigner
from storage.base import new_id
from storage.partners import PartnerRole
from tests.factories.clients import GatewayClient
from tests.operations.worlds import World, node_id

VIEWER = """{
  viewer {
    kind role
    partner { id name status country currency language supportEmail version createdAt }
    member { name email }
  }
}"""


@pytest.mark.parametrize("role", PartnerRole)
async def test_tells_every_role_who_it_is(role: PartnerRole, world: World) -> None:
    told = (await world.acting(role).run(VIEWER)).data["viewer"]
    assert (told["kind"], told["role"]) == ("PARTNER_MEMBER", role)
    assert told["member"]["name"] == role.title()
    partner = told["partner"]
    assert partner["id"] == node_id("PartnerOrg", world.partner_id)
    assert (partner["name"], partner["status"], partner["version"]) == ("Throwaway", "ACTIVE", 1)
    assert (partner["country"], partner["currency"], partner["language"]) == ("ES", "EUR", "en")
    assert partner["supportEmail"] == "help@throwaway.test"
    assert partner["createdAt"] == "2025-01-01T00:00:00.000000Z"


async def test_reads_the_membership_live(world: World) -> None:
    boss = world.boss
    place = world.memberships[PartnerRole.OWNER]
    await world.owner.execute("UPDATE gateway.membership SET role = 'VIEWER' WHERE id = $1", place)
    assert (await boss.run("{ viewer { role } }")).data["viewer"]["role"] == "VIEWER"
    assert (await boss.run("{ members { nodes { id } } }")).codes == ["FORBIDDEN"]


@pytest.mark.parametrize("ending", ["epoch = epoch + 1", "valid_until = now() - interval '1 second'"])
async def test_ends_with_the_membership(ending: str, world: World) -> None:
    boss = world.boss
    place = world.memberships[PartnerRole.OWNER]
    await world.owner.execute(f"UPDATE gateway.membership SET {ending} WHERE id = $1", place)
    answer = await boss.run(VIEWER)
    assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_knows_no_membership_that_never_was(gateway: GatewayClient, signer: TokenSigner) -> None:
    answer = await gateway.bearing(signer.sign(new_id(), 1)).run(VIEWER)
    assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])


async def test_runs_two_statements_for_the_partner_s_name(world: World, statements: list[str]) -> None:
    await world.boss.run("{ viewer { partner { id name } } }")
    assert len(statements) == 2


async def test_runs_one_statement_for_the_role(world: World, statements: list[str]) -> None:
    await world.boss.run("{ viewer { kind role } }")
    assert len(statements) == 1
