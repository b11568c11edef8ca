"""Every kind of principal, as data: what each is and has, before anybody joins it to a partner and asks."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from gateway.identity.tokens import TokenSigner
from storage.base import FOREVER
from storage.identity import ContactPermission, MembershipKind
from storage.org_users import OrgRole
from storage.partners import PartnerRole
from tenancy.privileges import Privilege

FULL: Final = frozenset({"full administration"})
"""What an access holds that is not limited to some privileges."""
SOME_OF_AN_ACCESS: Final = frozenset({"ORG_READ", "USER_EDIT", "USER_CREATE"})
SOME_OF_A_SCRIPT: Final = frozenset(
    {"CLIENT_READ", "CLIENT_EDIT", "ORGANISATION_READ", "SUBSCRIPTION_CREATE", "USER_DELETE", "ORGANISATION_ACT"}
)
EVERYTHING: Final = frozenset(privilege.value for privilege in Privilege)


@dataclass(frozen=True)
class Asker:
    """One kind of principal; `kind` is None for nobody.

    `house` is the organisation that it is at home in, of those that `tests.tenancy.stages` builds. `acts` is what
    its access holds while it acts, `maker` the role of the member who made a credential.
    """

    name: str
    kind: MembershipKind | None = None
    role: str | None = None
    house: str = "home"
    acts: frozenset[str] | None = None
    permissions: frozenset[str] = frozenset()
    privileges: frozenset[str] = frozenset()
    fenced: bool = False
    maker: PartnerRole | None = None
    works_for_the_partner: bool = False

    def __str__(self) -> str:
        """Name it in a test's report."""
        return self.name

    @property
    def is_partners(self) -> bool:
        """Whether the partner, or a script of it, is what asks."""
        return self.kind in {MembershipKind.PARTNER_MEMBER, MembershipKind.API_CREDENTIAL}


def _member(role: PartnerRole) -> Asker:
    return Asker(role.lower(), MembershipKind.PARTNER_MEMBER, role)


def _acting(role: PartnerRole, acts: frozenset[str] = FULL) -> Asker:
    limited = acts is not FULL
    name = f"{role.lower()} acting{', some' if limited else ''}"
    house = "annexe" if limited else "home"
    return Asker(name, MembershipKind.PARTNER_MEMBER, role, house=house, acts=acts)


def _user(role: OrgRole, name: str) -> Asker:
    return Asker(name, MembershipKind.ORG_USER, role)


def _contact(name: str, permissions: Iterable[str]) -> Asker:
    return Asker(f"contact with {name}", MembershipKind.CONTACT, permissions=frozenset(permissions))


def _script(
    name: str, privileges: frozenset[str] = EVERYTHING, *, fenced: bool = False, maker: PartnerRole = PartnerRole.OWNER
) -> Asker:
    return Asker(name, MembershipKind.API_CREDENTIAL, privileges=privileges, fenced=fenced, maker=maker)


MEMBERS: Final = tuple(_member(role) for role in PartnerRole)
ACTING: Final = (
    *(_acting(role) for role in PartnerRole),
    _acting(PartnerRole.ADMIN, SOME_OF_AN_ACCESS),
)
"""Those of BILLING and VIEWER have a token of a session although their role does not act: as after a demotion."""
USERS: Final = (
    _user(OrgRole.SUPER_ADMIN, "super admin"),
    _user(OrgRole.ADMIN, "administrator"),
    _user(OrgRole.MEMBER, "user"),
    Asker(
        "super admin who is staff",
        MembershipKind.ORG_USER,
        OrgRole.SUPER_ADMIN,
        house="lodge",
        works_for_the_partner=True,
    ),
)
CONTACTS: Final = (
    _contact("everything", ContactPermission),
    _contact("nothing", ()),
    *(_contact(permission.lower(), [permission]) for permission in ContactPermission),
)
SCRIPTS: Final = (
    _script("script"),
    _script("script with some", SOME_OF_A_SCRIPT),
    _script("fenced script", fenced=True),
    _script("script of a demoted member", maker=PartnerRole.SUPPORT),
)
OPERATOR: Final = Asker("operator", MembershipKind.OPERATOR)
NOBODY: Final = Asker("nobody")
SIGNED_IN: Final = (*MEMBERS, *ACTING, *USERS, *CONTACTS, *SCRIPTS, OPERATOR)
ASKERS: Final = (*SIGNED_IN, NOBODY)
OF_THE_PARTNER: Final = (*MEMBERS, *ACTING, *SCRIPTS)
"""Everybody whom the ten hold for, but the operator."""


@dataclass(frozen=True)
class Joined:
    """A principal of a database: its membership, and the session that it acts in."""

    asker: Asker
    membership_id: UUID | None = None
    session: UUID | None = None
    access: UUID | None = None
    organisation: UUID | None = None

    def token(self, signer: TokenSigner) -> str | None:
        """Sign what it asks with; None for nobody."""
        if self.membership_id is None:
            return None
        if self.session is None or self.access is None or self.organisation is None:
            return signer.sign(self.membership_id, 1)
        return signer.sign_acting(
            self.membership_id,
            1,
            session=self.session,
            access=self.access,
            organisation=self.organisation,
            until=FOREVER,
        )
