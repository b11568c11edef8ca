"""The first statement of a transaction: it reads who is asking, live, and takes reach and keys from those rows."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from storage import rls
from storage.base import Reach
from tenancy.errors import UnauthenticatedError
from tenancy.principal import NO_PARTNER, Acting, Identity, Principal, reach_of

_STALE: Final = (
    "concat("
    + ", ".join(
        f"current_setting('{name}', true)" for name in (rls.PARTNER_SETTING, rls.CLIENTS_SETTING, rls.ORG_SETTING)
    )
    + ") AS stale"
)
# $1 membership, $2 epoch, $3 session of acting. What locks a row stands in a subquery: beside FOR SHARE, settings
# would be made before the lock is had, and again when the row was changed meanwhile.
_FROM: Final = """
  FROM (SELECT * FROM gateway.membership
         WHERE id = $1 AND epoch = $2 AND valid_until > statement_timestamp(){lock}) AS me
  LEFT JOIN LATERAL (
        SELECT id, role FROM gateway.membership AS maker
         WHERE maker.id = me.created_by AND maker.partner_id = me.partner_id AND maker.kind = 'PARTNER_MEMBER'
           AND maker.valid_until > statement_timestamp(){lock}) AS creator ON true
  LEFT JOIN LATERAL (
        SELECT session.id, access.id AS access_id, access.client_id, access.child_org_id, access.full_administration,
               access.privileges
          FROM gateway.acting_session AS session
          JOIN gateway.partner_access AS access
            ON access.partner_id = session.partner_id AND access.id = session.access_id
         WHERE session.id = $3 AND session.partner_id = me.partner_id AND session.membership_id = me.id
           AND session.expires_at > statement_timestamp() AND access.state = 'ACTIVE'
           AND (access.expires_at IS NULL OR access.expires_at > statement_timestamp()){lock_access}) AS acting ON true
"""
_WHERE: Final = """ WHERE (me.kind <> 'API_CREDENTIAL' OR creator.id IS NOT NULL)
   AND ($3::uuid IS NULL OR (acting.id IS NOT NULL AND me.kind = 'PARTNER_MEMBER'))
"""
_FORM: Final = f"""
SELECT {_STALE},
       set_config('role', CASE
           WHEN acting.id IS NOT NULL THEN $6
           WHEN me.kind = 'PARTNER_MEMBER' THEN $4
           WHEN me.kind = 'API_CREDENTIAL' AND me.client_ids IS NULL THEN $4
           WHEN me.kind = 'API_CREDENTIAL' THEN $8
           WHEN me.kind = 'CONTACT' THEN $5
           WHEN me.kind = 'ORG_USER' THEN $6
           WHEN me.kind = 'OPERATOR' THEN $7 END, true),
       set_config('{rls.PARTNER_SETTING}', coalesce(me.partner_id::text, ''), true),
       set_config('{rls.CLIENTS_SETTING}', coalesce(
           CASE WHEN acting.id IS NULL THEN me.client_ids ELSE ARRAY[acting.client_id] END::text, ''), true),
       set_config('{rls.ORG_SETTING}', coalesce(
           coalesce(acting.child_org_id, me.child_org_id)::text, ''), true),
       me.id, me.login_id, me.kind, me.name, me.role, me.partner_id, me.client_ids, me.child_org_id, me.permissions,
       me.privileges, creator.role AS creator_role, partner.name AS partner_name,
       partner.support_email AS partner_email, acting.id AS session_id, acting.access_id,
       acting.client_id AS acting_client_id, acting.child_org_id AS acting_child_org_id, acting.full_administration,
       acting.privileges AS access_privileges,
       CASE WHEN me.kind = 'ORG_USER' OR acting.id IS NOT NULL THEN ARRAY(
           WITH RECURSIVE above (id) AS (
               SELECT me.partner_id
                UNION
               SELECT higher.parent_partner_id FROM above JOIN gateway.partner_org AS higher
                   ON higher.partner_id = above.id AND higher.id = above.id
                WHERE higher.parent_partner_id IS NOT NULL)
           SELECT DISTINCT staff.login_id FROM above JOIN gateway.membership AS staff ON staff.partner_id = above.id
            WHERE staff.kind = 'PARTNER_MEMBER' AND staff.valid_until > statement_timestamp()) END AS staff_logins
{_FROM}  LEFT JOIN gateway.partner_org AS partner ON partner.partner_id = me.partner_id AND partner.id = me.partner_id
{_WHERE}"""  # noqa: S608 - the names are constants of ours
ENTER: Final = _FORM.format(lock="", lock_access="")
ENTER_LOCKED: Final = _FORM.format(lock=" FOR SHARE", lock_access=" FOR SHARE OF access")
ALIVE: Final = "SELECT true" + (_FROM + _WHERE).format(lock="", lock_access="")
"""Whether the membership, and all that it stands on, is still what the token names."""
SYSTEM: Final = f"""
SELECT {_STALE},
       set_config('role', $1, true),
       set_config('{rls.PARTNER_SETTING}', $2, true)
"""


class LeftoverSettingError(RuntimeError):
    """A connection came back with a tenant's setting still on it; it is thrown away."""

    def __init__(self) -> None:
        super().__init__("a tenant's setting outlived its transaction")


def alive_parameters(identity: Identity) -> tuple[UUID, int, UUID | None]:
    """Return what names somebody in these statements."""
    return (identity.membership_id, identity.epoch, identity.acting_session)


def role_parameters(roles: Mapping[Reach, str]) -> tuple[str, ...]:
    """Return the database roles that the first statement of somebody's transaction chooses from."""
    return tuple(roles[reach] for reach in (Reach.STAFF, Reach.CLIENT, Reach.ORG, Reach.PLATFORM, Reach.FENCE))


def principal_of(row: Any) -> Principal:
    """Return who is asking.

    Raises:
        UnauthenticatedError: the statement found nobody alive, or nobody that this release knows.
    """
    if row is None:
        raise UnauthenticatedError
    reach = reach_of(row["kind"], fenced=row["client_ids"] is not None, acting=row["session_id"] is not None)
    if reach is None:
        raise UnauthenticatedError
    acting = _acting(row)
    clients = (row["acting_client_id"],) if acting else tuple(row["client_ids"] or ())
    return Principal(
        membership_id=row["id"],
        login_id=row["login_id"],
        kind=row["kind"],
        role=row["role"],
        partner_id=row["partner_id"] or NO_PARTNER,
        reach=reach,
        client_ids=clients,
        child_org_id=row["acting_child_org_id"] if acting else row["child_org_id"],
        name=row["name"],
        partner_name=row["partner_name"],
        partner_email=row["partner_email"],
        permissions=frozenset(row["permissions"] or ()),
        privileges=frozenset(row["privileges"] or ()),
        creator_role=row["creator_role"],
        acting=acting,
        staff_logins=frozenset(row["staff_logins"] or ()),
    )


def _acting(row: Any) -> Acting | None:
    if row["session_id"] is None:
        return None
    return Acting(
        session_id=row["session_id"],
        access_id=row["access_id"],
        full_administration=row["full_administration"],
        privileges=frozenset(row["access_privileges"]),
    )
