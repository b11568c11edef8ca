"""Two partners of the tests' own, with one of everything in each organisation, and every principal joined to one."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from gateway.identity.tokens import TokenSigner
from schema import node_ids
from storage.accesses import AccessState
from storage.audit import AuditOutcome, audit_entry
from storage.base import now
from storage.change_requests import ChangeRequestKind, ChangeRequestState, change_request
from storage.escalations import EscalationState, escalation
from storage.identity import MembershipKind, membership
from storage.org_settings import DEFAULT_SETTINGS, org_settings
from storage.org_users import BackupState, OrgRole, OrgUserStatus, user_backup
from storage.organisations import DomainStatus
from storage.partners import PartnerRole
from tests.factories.clients import GatewayClient
from tests.factories.principals import NOBODY, SIGNED_IN, SOME_OF_AN_ACCESS, Asker, Joined
from tests.operations.changes import Shop, open_shop
from tests.operations.worlds import LONG_AGO, Row, World, found


@dataclass(frozen=True)
class House:
    """An organisation with its people, its purchases and what happened in it; `chosen` has one id of each kind."""

    shop: Shop
    chosen: Mapping[str, str]
    suspended: Row
    deleted: Row

    @property
    def client_id(self) -> UUID:
        """Whose organisation it is."""
        found: UUID = self.shop.organisation["client_id"]
        return found

    @property
    def organisation_id(self) -> UUID:
        """Which organisation it is."""
        found: UUID = self.shop.organisation["id"]
        return found


@dataclass(frozen=True)
class Plot:
    """One partner and its houses.

    In `home` and `cottage`, which is another client's, it may do everything that an access gives, in `annexe` some of
    it; one of its own people is the super admin of `lodge`, whose domain is not verified; `ruin` has ended its access.
    All but `cottage` are of one client.
    """

    world: World
    houses: Mapping[str, House]

    @property
    def partner_id(self) -> UUID:
        """The partner."""
        return self.world.partner_id

    @property
    def home(self) -> House:
        """The house of most."""
        return self.houses["home"]


async def lay_out(owner: Any, gateway: GatewayClient, signer: TokenSigner, name: str) -> Plot:
    """Found a partner and build its houses."""
    world = await found(owner, gateway, signer, name=name)
    plan = dict(await owner.fetchrow("SELECT * FROM gateway.plan WHERE code = 'mail-standard'"))
    shop = await open_shop(world, plan)
    other = {**shop.client, **await world.client("Lakeside Ltd")}
    some = {"full_administration": False, "privileges": sorted(SOME_OF_AN_ACCESS)}
    ended = {"state": AccessState.ENDED, "ended_at": LONG_AGO, "ended_by": "SUPER_ADMIN"}
    annexe = await _another(shop, shop.client, "annexe.example", access=some)
    lodge = await _another(shop, shop.client, "lodge.example", staffed=True, domain_status=DomainStatus.UNVERIFIED)
    cottage = await _another(shop, other, "cottage.example")
    ruin = await _another(shop, shop.client, "ruin.example", access=ended, partner_sees_until=LONG_AGO)
    shops = {"home": shop, "annexe": annexe, "lodge": lodge, "cottage": cottage, "ruin": ruin}
    return Plot(world, {key: await _furnished(made) for key, made in shops.items()})


async def _another(
    shop: Shop,
    buyer: Row,
    domain: str,
    *,
    access: Mapping[str, Any] | None = None,
    staffed: bool = False,
    **values: Any,
) -> Shop:
    """Build another organisation of the partner like that of a shop."""
    world = shop.world
    made = await world.organisation(buyer, domain, **{"domain_status": DomainStatus.VERIFIED, **values})
    given = await world.access(made, **(access or {}))
    return dataclasses.replace(
        shop,
        client=buyer,
        organisation=made,
        subscription=await world.subscription(made, shop.plan),
        super_admin=await _staff(world, made) if staffed else await world.user(made, OrgRole.SUPER_ADMIN),
        admin=await world.user(made, OrgRole.ADMIN),
        user=await world.user(made),
        access=given,
        session=await world.session(given),
    )


async def _staff(world: World, organisation: Row) -> Row:
    """Make one of the partner's own people the super admin of an organisation."""
    login = (await world.row(membership, world.memberships[PartnerRole.SUPPORT]))["login_id"]
    place = await world.membership(
        MembershipKind.ORG_USER, login_id=login, role=OrgRole.SUPER_ADMIN, child_org_id=organisation["id"]
    )
    values = {"membership_id": place["id"], "status": OrgUserStatus.ACTIVE}
    return await world.user(organisation, OrgRole.SUPER_ADMIN, signs_in=False, **values)


async def _furnished(shop: Shop) -> House:
    """Put one of everything into an organisation; users who are suspended, deleted and invited too."""
    world, organisation = shop.world, shop.organisation
    inside = {"child_org_id": organisation["id"]}
    both = {**inside, "client_id": organisation["client_id"]}
    settings = await world.add(org_settings, **inside, **{**DEFAULT_SETTINGS, "referral_code": "K7WQ2MZP4R"})
    backups = [await _backup(shop, user) for user in (shop.user, shop.admin)]
    asked = await escalated(shop)
    wanted = await requested(shop)
    about = {"target_kind": "child_org", "target_id": organisation["id"], "acting_session_id": shop.session["id"]}
    entry = await _entry(world, **both, **about)
    await _entry(world, **inside, target_kind="org_user", target_id=shop.user["id"], org_internal=True)
    suspended = await world.user(organisation, status=OrgUserStatus.SUSPENDED, name="Suspended")
    await _end(world, suspended)
    deleted = await world.user(organisation, status=OrgUserStatus.DELETED, name="Deleted", deleted_at=now())
    await _end(world, deleted)
    await world.user(organisation, name="Invited", signs_in=False)
    partner = await world.owner.fetchval(
        "SELECT id FROM gateway.partner_member WHERE partner_id = $1", world.partner_id
    )
    rows = {
        "PartnerMember": {"id": partner},
        "Client": shop.client,
        "ChildOrg": organisation,
        "PartnerAccess": shop.access,
        "Plan": shop.plan,
        "Subscription": shop.subscription,
        "PaymentCard": await world.card(shop.client),
        "Invoice": await world.invoice(shop.client),
        "OrgUser": shop.user,
        "OrgSettings": settings,
        "UserBackup": backups[0],
        "ActingSession": shop.session,
        "Escalation": asked,
        "ChangeRequest": wanted,
        "AuditEntry": entry,
        "PartnerOrg": {"id": world.partner_id},
    }
    chosen = {kind: node_ids.encode(kind, row["id"]) for kind, row in rows.items()}
    return House(shop, {**chosen, "Node": chosen["ChildOrg"]}, suspended=suspended, deleted=deleted)


async def _backup(shop: Shop, user: Row) -> Row:
    return await shop.world.add(
        user_backup,
        child_org_id=shop.organisation["id"],
        user_id=user["id"],
        state=BackupState.READY,
        requested_by=user["membership_id"],
        requested_by_name=user["name"],
    )


async def escalated(shop: Shop, **values: Any) -> Row:
    """Store an escalation of the partner's administrator, declined unless told otherwise."""
    given = {
        "client_id": shop.organisation["client_id"],
        "child_org_id": shop.organisation["id"],
        "access_id": shop.access["id"],
        "requested_by": shop.world.memberships[PartnerRole.ADMIN],
        "requested_by_name": "Admin",
        "task": "ORG_TFA_POLICY_SET",
        "reason": "They asked for it.",
        "state": EscalationState.DECLINED,
    }
    return await shop.world.add(escalation, **{**given, **values})


async def requested(shop: Shop, **values: Any) -> Row:
    """Store a change request of the organisation's super admin, declined unless told otherwise."""
    given = {
        "client_id": shop.organisation["client_id"],
        "child_org_id": shop.organisation["id"],
        "subscription_id": shop.subscription["id"],
        "kind": ChangeRequestKind.STORAGE,
        "storage_gb": 5,
        "state": ChangeRequestState.DECLINED,
        "requested_by": shop.super_admin["membership_id"],
        "requested_by_name": "Super admin",
    }
    return await shop.world.add(change_request, **{**given, **values})


async def _entry(world: World, **values: Any) -> Row:
    given = {
        "org_internal": False,
        "actor_kind": "SYSTEM",
        "outcome": AuditOutcome.DONE,
        "privilege": "SYSTEM",
        "operation": "import",
        "request_id": "staged",
        "target_version": 1,
    }
    return await world.add(audit_entry, **{**given, **values})


async def _end(world: World, user: Row) -> None:
    sql = "UPDATE gateway.membership SET valid_until = $2 WHERE id = $1"
    await world.owner.execute(sql, user["membership_id"], LONG_AGO)


async def joined(plot: Plot, asker: Asker) -> Joined:
    """Make a principal one of a partner's."""
    world, house = plot.world, plot.houses[asker.house]
    if asker.kind is None:
        return Joined(asker)
    if asker.kind is MembershipKind.PARTNER_MEMBER:
        member = world.memberships[PartnerRole(str(asker.role))]
        if asker.acts is None:
            return Joined(asker, member)
        access = house.shop.access
        session = await world.session(access, PartnerRole(str(asker.role)))
        return Joined(asker, member, session["id"], access["id"], house.organisation_id)
    if asker.kind is MembershipKind.ORG_USER:
        user = {
            OrgRole.SUPER_ADMIN: house.shop.super_admin,
            OrgRole.ADMIN: house.shop.admin,
            OrgRole.MEMBER: house.shop.user,
        }[OrgRole(str(asker.role))]
        return Joined(asker, user["membership_id"])
    place = await world.membership(asker.kind, asker.name, **_placed(plot, asker))
    return Joined(asker, place["id"])


def _placed(plot: Plot, asker: Asker) -> dict[str, Any]:
    clients = [plot.home.client_id]
    if asker.kind is MembershipKind.CONTACT:
        return {"client_ids": clients, "permissions": sorted(asker.permissions)}
    if asker.kind is MembershipKind.OPERATOR:
        return {"partner_id": None}
    maker = plot.world.memberships[asker.maker or PartnerRole.OWNER]
    return {
        "privileges": sorted(asker.privileges),
        "created_by": maker,
        "client_ids": clients if asker.fenced else None,
    }


async def everybody(plot: Plot) -> dict[str, Joined]:
    """Make every principal one of a partner's, by name; nobody is among them."""
    return {asker.name: await joined(plot, asker) for asker in (*SIGNED_IN, NOBODY)}
