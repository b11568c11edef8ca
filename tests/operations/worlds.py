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
        found_by = {"partner_id": self.partner_id, "client_id": row["id"]}
        await _insert(self.owner, client_word, [{**found_by, "word": word} for word in words])
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
        (row,) = await self.members({"role": role, "name": name, **values})
        return row

    async def members(self, *people: Row) -> list[Row]:
        """Store members with their logins and memberships; all are told of the same: their role and name at least."""
        joining = [{"name": person["name"], "role": person["role"]} for person in people]
        places = await self.join(MembershipKind.PARTNER_MEMBER, *joining)
        rows = [
            {
                "partner_id": self.partner_id,
                "membership_id": place["id"],
                "name_sort": fold(person["name"]),
                "email": f"{place['id']}@staff.example",
                "status": MemberStatus.ACTIVE,
                **person,
            }
            for person, place in zip(people, places, strict=True)
        ]
        return await stored_alike(self.owner, partner_member, *rows)

    async def membership(self, kind: MembershipKind, name: str = "Somebody", **values: Any) -> Row:
        """Store a membership of a kind, with a login unless one is given."""
        (row,) = await self.join(kind, {"name": name, **values})
        return row

    async def join(self, kind: MembershipKind, *people: Row) -> list[Row]:
        """Store memberships of a kind; all are told of the same, and have logins of their own unless they are told."""
        new = [{"email": f"{new_id()}@staff.example", "display_name": one["name"]} for one in people]
        told = "login_id" in people[0]
        logins = [] if told else [{"login_id": row["id"]} for row in await stored_alike(self.owner, login, *new)]
        given = {"epoch": 1, "valid_until": FOREVER, "share_lock": False, "partner_id": self.partner_id, "kind": kind}
        rows = [{**given, **one, **own} for one, own in zip(people, logins or [{}] * len(people), strict=True)]
        return await stored_alike(self.owner, membership, *rows)

    async def user(
        self, organisation: Row, role: OrgRole = OrgRole.MEMBER, *, signs_in: bool = True, **values: Any
    ) -> Row:
        """Store a user of an organisation, with a membership unless it never signed in."""
        person = {"role": role, "name": role.title(), **values}
        places = await self._inside(organisation, person) if signs_in else [{"id": None}]
        status = OrgUserStatus.ACTIVE if signs_in else OrgUserStatus.INVITED
        return await self.add(org_user, **{"status": status, **_person(organisation, places[0], person)})

    async def users(self, organisation: Row, *roles: OrgRole) -> list[Row]:
        """Store active users of an organisation, one of each role, with their memberships."""
        people: list[Row] = [{"role": role, "name": role.title()} for role in roles]
        places = await self._inside(organisation, *people)
        given = {"partner_id": self.partner_id, "status": OrgUserStatus.ACTIVE}
        rows = [{**given, **_person(organisation, place, one)} for one, place in zip(people, places, strict=True)]
        return await stored_alike(self.owner, org_user, *rows)

    async def _inside(self, organisation: Row, *people: Row) -> list[Row]:
        """Store memberships of an organisation."""
        joining = [{"name": one["name"], "role": one["role"], "child_org_id": organisation["id"]} for one in people]
        return await self.join(MembershipKind.ORG_USER, *joining)

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


def _person(organisation: Row, place: Row, told: Row) -> Row:
    return {
        "child_org_id": organisation["id"],
        "membership_id": place["id"],
        "name_sort": fold(str(told["name"])),
        "email": f"{new_id().hex}@{organisation['domain']}",
        **told,
    }


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
    members = await world.members(*({"role": role, "name": role.title()} for role in PartnerRole))
    world.memberships = {role: row["membership_id"] for role, row in zip(PartnerRole, members, strict=True)}
    return world


async def stored(owner: Any, table: Table, **values: Any) -> Row:
    """Store a row; id, version and times are given to it unless the values hold them."""
    (row,) = await stored_alike(owner, table, values)
    return row


async def stored_alike(owner: Any, table: Table, *rows: Row) -> list[Row]:
    """Store rows of which the same columns are told, all by one round trip."""
    return await _insert(owner, table, [{**_stamp(table, row), **row} for row in rows])


def _stamp(table: Table, row: Row) -> Row:
    at = row.get("created_at", LONG_AGO)
    stamp = {"id": new_id(), "version": 1, "created_at": at, "updated_at": at}
    return {name: value for name, value in stamp.items() if name in table.c}


async def _insert(owner: Any, table: Table, rows: Sequence[Row]) -> list[Row]:
    if not rows:
        return []
    places = ", ".join(f"${number}" for number in range(1, len(rows[0]) + 1))
    sql = f"INSERT INTO {table} ({', '.join(rows[0])}) VALUES ({places}) RETURNING *"
    return [dict(row) for row in await owner.fetchmany(sql, [tuple(row.values()) for row in rows])]


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
