"""The settings of an organisation: how they are found and changed."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from resolvers.context import Request, insider
from resolvers.errors import RepeatedError, RequiredError, StaleVersionError
from resolvers.loading import ById, ManyBy
from storage.org_settings import DEFAULT_SETTINGS, OrgSettingsRecord, org_settings
from storage.organisations import child_org
from tenancy.audit import Change
from tenancy.scope import ReadScope, WriteScope

_CODE_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Those of a referral code: none that is taken for another when it is read aloud or off paper."""
_CODE_LENGTH: Final = 10

settings_by_id: Final = ById(org_settings, OrgSettingsRecord)


class _TheOneOf(ManyBy):
    """The settings of each organisation; None where nobody has changed anything."""

    async def __call__(
        self, db: ReadScope, keys: Sequence[UUID], columns: frozenset[str], args: None, *, wire: bool = False
    ) -> Sequence[OrgSettingsRecord | None]:
        """Read the settings of a set of organisations."""
        return [next(iter(found), None) for found in await super().__call__(db, keys, columns, args, wire=wire)]


settings_by_organisation: Final = _TheOneOf(org_settings, OrgSettingsRecord, by="child_org_id", order=("id",))


async def set_tfa_policy(request: Request, *, policy: str, expected_version: int | None = None) -> OrgSettingsRecord:
    """Decide whether the organisation's users sign in with a second factor.

    Raises:
        StaleVersionError: the settings changed since the caller read them.
    """
    async with request.write() as db:
        before = await _expected(db, expected_version)
        return await _set(db, before, "tfa_policy_set", tfa_policy=policy)


async def set_dashboard(
    request: Request, *, widgets: list[str], expected_version: int | None = None
) -> OrgSettingsRecord:
    """Arrange what the organisation's dashboard shows.

    Raises:
        StaleVersionError: the settings changed since the caller read them.
        RequiredError: nothing would be shown.
        RepeatedError: something would be shown twice.
    """
    async with request.write() as db:
        before = await _expected(db, expected_version)
        if not widgets:
            raise RequiredError("widgets")
        if len(set(widgets)) < len(widgets):
            raise RepeatedError("widgets")
        return await _set(db, before, "dashboard_set", dashboard=widgets)


async def set_referral(request: Request, *, member: bool, expected_version: int | None = None) -> OrgSettingsRecord:
    """Join the referral programme or leave it; the code that the first joining makes is kept.

    Raises:
        StaleVersionError: the settings changed since the caller read them.
    """
    async with request.write() as db:
        before = await _expected(db, expected_version)
        code = before["referral_code"] if before else None
        if member and code is None:
            code = "".join(secrets.choice(_CODE_LETTERS) for _ in range(_CODE_LENGTH))
        return await _set(db, before, "referral_set", referral_member=member, referral_code=code)


async def set_contact_sync(
    request: Request, *, enabled: bool, expected_version: int | None = None
) -> OrgSettingsRecord:
    """Switch the synchronisation of contacts.

    Raises:
        StaleVersionError: the settings changed since the caller read them.
    """
    async with request.write() as db:
        before = await _expected(db, expected_version)
        return await _set(db, before, "contact_sync_set", contact_sync=enabled)


async def _expected(db: WriteScope, version: int | None) -> Mapping[str, Any] | None:
    """Lock the organisation's settings; None where it has no row yet, which counts as version 0.

    The organisation itself is locked before, so that of two first changes the second finds the row of the first.

    Raises:
        StaleVersionError: they are at another version.
    """
    _asker, organisation = insider(db)
    await db.get(child_org, organisation, what="organisation")
    found = await db.fetch(lambda bounds: select(org_settings).where(bounds(org_settings)).with_for_update())
    if found:
        await db.expect(org_settings, found[0], version)
        return found[0]
    if version:
        raise StaleVersionError(0, ())
    return None


async def _set(db: WriteScope, before: Mapping[str, Any] | None, what: str, **values: Any) -> OrgSettingsRecord:
    if before is None:
        _asker, organisation = insider(db)
        row = await db.insert(org_settings, {"child_org_id": organisation, **DEFAULT_SETTINGS, **values})
    else:
        row = await db.update(org_settings, before, values)
    if row is not before:
        await db.announce(Change(f"org_settings.{what}", org_settings, row, before=before))
    return OrgSettingsRecord(**row)
