"""Partner accesses: how they are found."""

from typing import Final

from resolvers.loading import ById, PageBy, equals
from storage.accesses import PartnerAccessRecord, partner_access

access_by_id: Final = ById(partner_access, PartnerAccessRecord)
accesses: Final = PageBy(partner_access, PartnerAccessRecord, filters={"state": equals("state")})
accesses_by_organisation: Final = PageBy(
    partner_access, PartnerAccessRecord, by="child_org_id", filters={"state": equals("state")}
)
