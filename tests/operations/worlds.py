"""Partners of a test's own, their rows, and what the owner of the database sees of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Table

from gateway.identity.tokens import TokenSigner
from schema import node_ids
from storage.accesses import partner_access
from storage.acting import acting_session
from storage.audit import audit_entry
from storage.base import FOREVER, fold, new_id
from storage.cards import CardHolder, payment_card
from storage.change_requests import change_request
from storage.clients import client, client_word
from storage.escalations import escalation
from storage.identity import ContactPermission, MembershipKind, login, membership
from storage.invoices import invoice
from storage.org_settings import DEFAULT_SETTINGS, org_settings
from storage.org_users import BackupState, OrgRole, OrgUserStatus, org_user, user_backup
from storage.organisations import child_org
from storage.partners import MemberStatus, PartnerRole, PartnerStatus, partner_member, partner_org
from storage.search_words import client_words
from storage.subscriptions import subscription
from tenancy.privileges import Privilege
from tests.factories.checksums import everything as everything  # noqa: PLC0414 - where the tests of operations look for it
from tests.factories.clients import GatewayClient
from tests.operations import defaults

Row = dict[str, Any]

LONG_AGO: Final = defaults.LONG_AGO


@dataclass
class World:
    """One partner with a member of each role; what it makes, it makes as the database's owner."""

    owner: Any
    gateway: GatewayClient
    signer: TokenSigner
    partner_id: UUID
    memberships: Mapping[PartnerRole, UUID] = field(default_factory=dict)

    def acting(self, role: PartnerRole) -> GatewayClient:
        """Ask as the member of a role."""
        return self.gateway.bearing(self.signer.sign(self.memberships[role], 1))

    @property
    def boss(self) -> GatewayClient:
        """Ask as the owner of the partner."""
        return self.acting(PartnerRole.OWNER)

    @property
    def viewer(self) -> GatewayClient:
        """Ask as somebody who may only read."""
        return self.acting(PartnerRole.VIEWER)

    async def add(self, table: Table, **values: Any) -> Row:
        """Store a row of the partner."""
        return await stored(self.owner, table, partner_id=self.partner_id, **values)

    async def client(self, name: str = "Harbour Ltd", **values: Any) -> Row:
        """Store a client with the words that it is found by."""
        row = await self.add(
            client,
            **{
                "display_name": name,
                "name_sort": fold(name),
                "company_name": name,
                **defaults.CLIENT,
                **values,
            },
        )
        words = client_words(
            row["display_name"], row["email"], row["company_name"], row["first_name"], row["last_name"]
        )
        for word in words:
            await _insert(
                self.owner, client_word, {"partner_id": self.partner_id, "client_id": row["id"], "word": word}
            )
        return row

    async def organisation(self, buyer: Row, domain: str = "harbour.example", **values: Any) -> Row:
        """Store an organisation of a client."""
        return await self.add(
            child_org,
            **{
                "client_id": buyer["id"],
                "name": domain,
                "name_sort": fold(domain),
                "domain": domain,
                **defaults.ORGANISATION,
                **values,
            },
        )

    async def access(self, organisation: Row, **values: Any) -> Row:
        """Store an access to an organisation."""
        return await self.add(partner_access, **{**_within(organisation), **defaults.ACCESS, **values})

    async def card(self, buyer: Row | None = None, **values: Any) -> Row:
        """Store a card of a client, or of the partner itself."""
        return await self.add(
            payment_card,
            **{
                "holder": CardHolder.RESELLER if buyer is None else CardHolder.CUSTOMER,
                "client_id": buyer and buyer["id"],
                "token": f"tok_visa:{new_id()}",
                **defaults.CARD,
                **values,
            },
        )

    async def subscription(self, organisation: Row, plan: Row, **values: Any) -> Row:
        """Store a subscription of an organisation, of 10 seats unless told otherwise."""
        return await self.add(
            subscription,
            **{
                **_within(organisation),
                "plan_id": plan["id"],
                "organisation_name": organisation["name"],
                "organisation_domain": organisation["domain"],
                **defaults.SUBSCRIPTION,
                **values,
            },
        )

    async def invoice(self, buyer: Row, **values: Any) -> Row:
        """Store an invoice to a client: a draft unless told otherwise."""
        return await self.add(invoice, **{"client_id": buyer["id"], **defaults.INVOICE, **values})

    async def member(self, role: PartnerRole, name: str, **values: Any) -> Row:
        """Store a member with its login and membership."""
        place = await self.membership(MembershipKind.PARTNER_MEMBER, name, role=role)
        return await self.add(
            partner_member,
            **{
                "membership_id": place["id"],
                "name": name,
                "name_sort": fold(name),
                "email": f"{place['id']}@staff.example",
                "role": role,
                "status": MemberStatus.ACTIVE,
                **values,
            },
        )

    async def membership(self, kind: MembershipKind, name: str = "Somebody", **values: Any) -> Row:
        """Store a login and its membership of a kind."""
        person = values.pop("login_id", None)
        if person is None:
            person = (await stored(self.owner, login, email=f"{new_id()}@staff.example", display_name=name))["id"]
        given = {"epoch": 1, "valid_until": FOREVER, "share_lock": False, "partner_id": self.partner_id}
        return await stored(
            self.owner, membership, **{**given, "login_id": person, "kind": kind, "name": name, **values}
        )

    async def user(
        self, organisation: Row, role: OrgRole = OrgRole.MEMBER, *, signs_in: bool = True, **values: Any
    ) -> Row:
        """Store a user of an organisation, with a membership unless it never signed in."""
        name = str(values.get("name", role.title()))
        place = None
        if signs_in:
            kind = MembershipKind.ORG_USER
            place = await self.membership(kind, name, role=role, child_org_id=organisation["id"])
        return await self.add(
            org_user,
            **{
                "child_org_id": organisation["id"],
                "membership_id": place and place["id"],
                "name": name,
                "name_sort": fold(name),
                "email": f"{new_id().hex}@{organisation['domain']}",
                "role": role,
                "status": OrgUserStatus.ACTIVE if signs_in else OrgUserStatus.INVITED,
                **values,
            },
        )

    async def contact(self, buyer: Row, *permissions: ContactPermission) -> Row:
        """Store a contact's membership of a client."""
        kind = MembershipKind.CONTACT
        return await self.membership(kind, client_ids=[buyer["id"]], permissions=list(permissions))

    async def credential(
        self, *privileges: Privilege, creator: PartnerRole = PartnerRole.OWNER, fence: Sequence[Row] | None = None
    ) -> Row:
        """Store a script's membership, fenced to some clients if any are given."""
        return await self.membership(
            MembershipKind.API_CREDENTIAL,
            privileges=list(privileges),
            created_by=self.memberships[creator],
            client_ids=None if fence is None else [row["id"] for row in fence],
        )

    async def session(self, access: Row, role: PartnerRole = PartnerRole.ADMIN, **values: Any) -> Row:
        """Store a session in which the member of a role acts under an access."""
        return await self.add(
            acting_session,
            **{
                "client_id": access["client_id"],
                "child_org_id": access["child_org_id"],
                "access_id": access["id"],
                "membership_id": self.memberships[role],
                "member_name": role.title(),
                **defaults.SESSION,
                **values,
            },
        )

    async def settings(self, organisation: Row, **values: Any) -> Row:
        """Store an organisation's settings."""
        return await self.add(org_settings, child_org_id=organisation["id"], **{**DEFAULT_SETTINGS, **values})

    async def backup(self, user: Row, **values: Any) -> Row:
        """Store a backup of a user's data, asked for by that user."""
        asked = {"requested_by": user["membership_id"], "requested_by_name": user["name"]}
        given = {"child_org_id": user["child_org_id"], "user_id": user["id"], "state": BackupState.REQUESTED}
        return await self.add(user_backup, **{**given, **asked, **values})

    async def escalation(self, session: Row, *, user: Row | None = None, **values: Any) -> Row:
        """Store a request of whoever acts in a session: to reset a user's password unless told otherwise."""
        return await self.add(
            escalation,
            **{
                "client_id": session["client_id"],
                "child_org_id": session["child_org_id"],
                "access_id": session["access_id"],
                "requested_by": session["membership_id"],
                "requested_by_name": session["member_name"],
                "user_id": user and user["id"],
                "created_at": datetime.now(UTC),
                **defaults.ESCALATION,
                **values,
            },
        )

    async def change_request(self, bought: Row, **values: Any) -> Row:
        """Store a request for a change of a subscription: for storage unless told otherwise."""
        return await self.add(
            change_request,
            **{
                "client_id": bought["client_id"],
                "child_org_id": bought["child_org_id"],
                "subscription_id": bought["id"],
                "requested_by": new_id(),
                **defaults.CHANGE_REQUEST,
                **values,
            },
        )

    async def entry(self, organisation: Row, **values: Any) -> Row:
        """Store an entry of the audit trail about an organisation."""
        about = {**_within(organisation), "target_id": organisation["id"]}
        return await self.add(audit_entry, **{**about, **defaults.ENTRY, **values})

    def acting_in(self, session: Row) -> GatewayClient:
        """Ask with the token of a session of acting."""
        return self.gateway.bearing(
            self.signer.sign_acting(
                session["membership_id"],
                1,
                session=session["id"],
                access=session["access_id"],
                organisation=session["child_org_id"],
                until=FOREVER,
            )
        )

    def being(self, membership_id: UUID) -> GatewayClient:
        """Ask as a membership."""
        return self.gateway.bearing(self.signer.sign(membership_id, 1))

    async def rows(self, table: Table) -> list[Row]:
        """Read the partner's rows of a table, oldest first."""
        sql = f"SELECT * FROM {table} WHERE partner_id = $1 ORDER BY 1, 2"
        found = await self.owner.fetch(sql, self.partner_id)
        return [dict(row) for row in found]

    async def row(self, table: Table, identifier: UUID) -> Row:
        """Read one row of the partner."""
        sql = f"SELECT * FROM {table} WHERE partner_id = $1 AND id = $2"
        return dict(await self.owner.fetchrow(sql, self.partner_id, identifier))

    async def change(self, table: Table, identifier: UUID, **values: Any) -> None:
        """Change a row behind the gateway's back."""
        given = ", ".join(f"{name} = ${number}" for number, name in enumerate(values, start=3))
        sql = f"UPDATE {table} SET {given} WHERE partner_id = $1 AND id = $2"
        await self.owner.execute(sql, self.partner_id, identifier, *values.values())


def _within(organisation: Row) -> Row:
    return {"client_id": organisation["client_id"], "child_org_id": organisation["id"]}


async def found(
    owner: Any, gateway: GatewayClient, signer: TokenSigner, *, currency: str = "EUR", name: str = "Throwaway"
) -> World:
    """Found a partner with a member of each role."""
    identifier = new_id()
    await stored(
        owner,
        partner_org,
        partner_id=identifier,
        id=identifier,
        name=name,
        status=PartnerStatus.ACTIVE,
        country="ES",
        currency=currency,
        language="en",
        support_email="help@throwaway.test",
    )
    world = World(owner, gateway, signer, identifier)
    world.memberships = {role: (await world.member(role, role.title()))["membership_id"] for role in PartnerRole}
    return world


async def stored(owner: Any, table: Table, **values: Any) -> Row:
    """Store a row; id, version and times are given to it unless the values hold them."""
    at = values.get("created_at", LONG_AGO)
    stamp = {"id": new_id(), "version": 1, "created_at": at, "updated_at": at}
    return await _insert(owner, table, {**{name: stamp[name] for name in stamp if name in table.c}, **values})


async def _insert(owner: Any, table: Table, values: Row) -> Row:
    places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
    sql = f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places}) RETURNING *"
    return dict(await owner.fetchrow(sql, *values.values()))


def node_id(kind: str, row: Row | UUID) -> str:
    """Return the id by which a row is asked for."""
    return node_ids.encode(kind, row if isinstance(row, UUID) else row["id"])


UNKNOWN: Final = UUID("01900000-0000-7000-8000-000000000000")
"""The id of no row."""


def strange_ids(kind: str) -> dict[str, str]:
    """Return ids that must all answer alike: unknown, of another type, malformed."""
    other = "Subscription" if kind == "ChildOrg" else "ChildOrg"  # which everybody may read who asks by them
    return {
        "unknown": node_ids.encode(kind, UNKNOWN),
        "another type's": node_ids.encode(other, UNKNOWN),
        "malformed": "no id at all",
        "empty": "",
        "of a later version": node_ids.encode(kind, UNKNOWN).replace("1_", "2_", 1),
        "in upper case": node_ids.encode(kind, UNKNOWN).upper(),
    }
