"""Acting in a customer's organisation: the sessions, how they are found and started."""

from typing import Final

from resolvers.loading import ById, PageBy
from storage.acting import ActingSessionRecord, acting_session

session_by_id: Final = ById(acting_session, ActingSessionRecord)
sessions: Final = PageBy(acting_session, ActingSessionRecord)
sessions_by_organisation: Final = PageBy(acting_session, ActingSessionRecord, by="child_org_id")
