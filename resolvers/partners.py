"""Partners and their members: who the caller is, and who else works there."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from resolvers.context import Request
from resolvers.loading import ById, ManyBy, PageBy, equals
from storage.base import Reach
from storage.partners import PartnerMemberRecord, PartnerOrgRecord, partner_member, partner_org
from tenancy.principal import Principal
from tenancy.scope import ReadScope

partner_by_id: Final = ById(partner_org, PartnerOrgRecord)
member_by_id: Final = ById(partner_member, PartnerMemberRecord)
members: Final = PageBy(
    partner_member, PartnerMemberRecord, filters={"role": equals("role"), "status": equals("status")}
)


async def viewer(request: Request) -> Principal:
    """Return who is asking."""
    return (await request.scope.read()).principal


class _MemberByMembership(ManyBy):
    """A member of the partner by its membership."""

    async def __call__(
        self, db: ReadScope, keys: Sequence[UUID], columns: frozenset[str], args: None, *, wire: bool = False
    ) -> Sequence[PartnerMemberRecord | None]:
        """Read the members with these memberships; only those who see the partner's own rows have one."""
        if db.principal.reach is not Reach.STAFF:
            return [None] * len(keys)
        return [next(iter(found), None) for found in await super().__call__(db, keys, columns, args, wire=wire)]


member_of_viewer: Final = _MemberByMembership(partner_member, PartnerMemberRecord, by="membership_id", order=("id",))
