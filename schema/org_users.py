"""The users of an organisation, and the backups of their data."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from resolvers import org_users, organisations
from resolvers.paging import Order
from schema.connections import Connection, Direction, paged
from schema.guarded import column, edge, entity, listing, mutation
from schema.nodes import Node, Versioned
from schema.org_user_inputs import (
    OrgUserBackupInput,
    OrgUserCreateInput,
    OrgUserDeleteInput,
    OrgUserEditInput,
    OrgUserReactivateInput,
    OrgUserResetPasswordInput,
    OrgUserRestoreInput,
    OrgUserSetAdministratorInput,
    OrgUserSetProfileImageInput,
    OrgUserSuspendInput,
)
from schema.payloads import UserError, user_errors
from schema.scalars import EmailAddress, PhoneNumber
from storage.org_users import BackupState, OrgRole, OrgUserRecord, OrgUserStatus, UserBackupRecord
from tenancy.privileges import Privilege

if TYPE_CHECKING:
    from schema.organisations import ChildOrg


@entity(
    read=Privilege.USER_BACKUP,
    record=UserBackupRecord,
    doc="A backup of a user's data, asked for by the user or by the super admin.",
)
class UserBackup(Node, Versioned):
    """A backup of a user's data."""

    state: BackupState = column(doc="What became of it.")
    requested_by_name: str = column(doc="Who asked for it.")
    user: Annotated["OrgUser", strawberry.lazy("schema.org_users")] | None = edge(
        org_users.user_by_id, key="user_id", guard=Privilege.ORG_READ, doc="Whose data it holds."
    )


@strawberry.enum(description="What backups are sorted by.")
class UserBackupOrderField(Enum):
    """What backups are sorted by."""

    CREATED_AT = strawberry.enum_value("created_at", description="By when they were asked for.")


@strawberry.input(description="How backups are sorted.")
class UserBackupOrder:
    """How backups are sorted."""

    field: UserBackupOrderField = strawberry.field(default=UserBackupOrderField.CREATED_AT, description="By what.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which backups to list.")
class UserBackupFilter:
    """Which backups to list."""

    state: BackupState | None = strawberry.field(default=strawberry.UNSET, description="Only in this state.")


backup_page = paged(where=UserBackupFilter, order=UserBackupOrder, default=Order("created_at", descending=True))


@entity(read=Privilege.ORG_READ, record=OrgUserRecord, doc="Somebody who works in an organisation.")
class OrgUser(Node, Versioned):
    """Somebody who works in an organisation."""

    name: str = column(doc="The name.")
    email: EmailAddress = column(doc="What the user signs in with.")
    role: OrgRole = column(doc="What the user may do there.")
    status: OrgUserStatus = column(doc="Whether the user can sign in.")
    department: str | None = column(doc="The department.")
    phone: PhoneNumber | None = column(doc="The phone number, in E.164.")
    profile_image: str | None = column(doc="The https address of the user's image.")
    deleted_at: datetime | None = column(doc="When the user was deleted; 30 days later it cannot be restored.")
    password_invalid_before: datetime | None = column(
        doc="When the password was last reset: one that was set before opens nothing."
    )
    organisation: Annotated["ChildOrg", strawberry.lazy("schema.organisations")] | None = edge(
        organisations.organisation_by_id,
        key="child_org_id",
        guard=Privilege.ORGANISATION_READ,
        doc="The organisation.",
    )
    backups: Connection[UserBackup] | None = edge(
        org_users.backups_by_user,
        key="id",
        guard=Privilege.USER_BACKUP,
        args=backup_page,
        doc="The backups of the user's data; a member sees those that it asked for.",
        cost=25,
    )


@strawberry.enum(description="What users are sorted by.")
class OrgUserOrderField(Enum):
    """What users are sorted by."""

    NAME = strawberry.enum_value("name_sort", description="By name, accents and case aside.")
    CREATED_AT = strawberry.enum_value("created_at", description="By when they were made.")


@strawberry.input(description="How users are sorted.")
class OrgUserOrder:
    """How users are sorted."""

    field: OrgUserOrderField = strawberry.field(default=OrgUserOrderField.NAME, description="By what.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")


@strawberry.input(description="Which users to list.")
class OrgUserFilter:
    """Which users to list."""

    role: OrgRole | None = strawberry.field(default=strawberry.UNSET, description="Only of this role.")
    status: OrgUserStatus | None = strawberry.field(default=strawberry.UNSET, description="Only of this status.")


user_page = paged(where=OrgUserFilter, order=OrgUserOrder, default=Order("name_sort"))


@strawberry.type(description="The user who was invited, or why nobody was.")
class OrgUserCreatePayload:
    """The user who was invited, or why nobody was."""

    user: OrgUser | None = strawberry.field(description="The user as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The user that was changed, or why it was not.")
class OrgUserEditPayload:
    """The user that was changed, or why it was not."""

    user: OrgUser | None = strawberry.field(description="The user as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The user that was suspended, or why it was not.")
class OrgUserSuspendPayload:
    """The user that was suspended, or why it was not."""

    user: OrgUser | None = strawberry.field(description="The user as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The user that may sign in again, or why it may not.")
class OrgUserReactivatePayload:
    """The user that may sign in again, or why it may not."""

    user: OrgUser | None = strawberry.field(description="The user as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The user whose role was set, or why it was not.")
class OrgUserSetAdministratorPayload:
    """The user whose role was set, or why it was not."""

    user: OrgUser | None = strawberry.field(description="The user as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The user whose image was set, or why it was not.")
class OrgUserSetProfileImagePayload:
    """The user whose image was set, or why it was not."""

    user: OrgUser | None = strawberry.field(description="The user as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The user whose password was reset, or why it was not.")
class OrgUserResetPasswordPayload:
    """The user whose password was reset, or why it was not."""

    user: OrgUser | None = strawberry.field(description="The user as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The user that was deleted, or why it was not.")
class OrgUserDeletePayload:
    """The user that was deleted, or why it was not."""

    user: OrgUser | None = strawberry.field(description="The user as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The user that was brought back, or why it was not.")
class OrgUserRestorePayload:
    """The user that was brought back, or why it was not."""

    user: OrgUser | None = strawberry.field(description="The user as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The backup that was asked for, or why it was not.")
class OrgUserBackupPayload:
    """The backup that was asked for, or why it was not."""

    backup: UserBackup | None = strawberry.field(description="The backup as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class OrgUserQuery:
    """The users and backups of the root."""

    user_backups: Connection[UserBackup] | None = listing(
        org_users.backups,
        guard=Privilege.USER_BACKUP,
        args=backup_page,
        doc="The backups of the users' data; a member sees those that it asked for.",
    )
    org_users: Connection[OrgUser] | None = listing(
        org_users.users,
        guard=Privilege.ORG_READ,
        args=user_page,
        doc="The users of the organisation; a member sees itself.",
    )


@strawberry.type
class OrgUserMutation:
    """Changes of an organisation's users."""

    org_user_create: OrgUserCreatePayload = mutation(
        org_users.create,
        privilege=Privilege.USER_CREATE,
        takes=OrgUserCreateInput,
        gives=OrgUserCreatePayload,
        outcome=org_users.user_by_id,
        doc="Invite somebody into the organisation.",
    )
    org_user_edit: OrgUserEditPayload = mutation(
        org_users.edit,
        privilege=Privilege.USER_EDIT,
        takes=OrgUserEditInput,
        gives=OrgUserEditPayload,
        outcome=org_users.user_by_id,
        target="id",
        doc="Change what is given of a user; what is not given stays, and null empties a field.",
    )
    org_user_suspend: OrgUserSuspendPayload = mutation(
        org_users.suspend,
        privilege=Privilege.USER_SUSPEND,
        takes=OrgUserSuspendInput,
        gives=OrgUserSuspendPayload,
        outcome=org_users.user_by_id,
        target="id",
        doc="Keep a user out, from its next request on.",
    )
    org_user_reactivate: OrgUserReactivatePayload = mutation(
        org_users.reactivate,
        privilege=Privilege.USER_SUSPEND,
        takes=OrgUserReactivateInput,
        gives=OrgUserReactivatePayload,
        outcome=org_users.user_by_id,
        target="id",
        doc="Let a suspended user in again.",
    )
    org_user_set_administrator: OrgUserSetAdministratorPayload = mutation(
        org_users.set_administrator,
        privilege=Privilege.USER_ROLE_SET_ADMIN,
        takes=OrgUserSetAdministratorInput,
        gives=OrgUserSetAdministratorPayload,
        outcome=org_users.user_by_id,
        target="id",
        doc="Make a user an administrator, or a member again; it signs in anew.",
    )
    org_user_set_profile_image: OrgUserSetProfileImagePayload = mutation(
        org_users.set_profile_image,
        privilege=Privilege.USER_PROFILE_IMAGE_SET,
        takes=OrgUserSetProfileImageInput,
        gives=OrgUserSetProfileImagePayload,
        outcome=org_users.user_by_id,
        target="id",
        doc="Set a user's image, or take it away.",
    )
    org_user_reset_password: OrgUserResetPasswordPayload = mutation(
        org_users.reset_password,
        privilege=Privilege.USER_RESET_PASSWORD,
        takes=OrgUserResetPasswordInput,
        gives=OrgUserResetPasswordPayload,
        outcome=org_users.user_by_id,
        target="id",
        doc="End a user's sessions and mail it a link to set a new password; nobody else sees or sets one.",
    )
    org_user_delete: OrgUserDeletePayload = mutation(
        org_users.delete,
        privilege=Privilege.USER_DELETE,
        takes=OrgUserDeleteInput,
        gives=OrgUserDeletePayload,
        outcome=org_users.user_by_id,
        target="id",
        doc="Delete a user: it is out at once, and can be restored for 30 days.",
    )
    org_user_restore: OrgUserRestorePayload = mutation(
        org_users.restore,
        privilege=Privilege.USER_DELETE,
        takes=OrgUserRestoreInput,
        gives=OrgUserRestorePayload,
        outcome=org_users.user_by_id,
        target="id",
        doc="Bring a user back who was deleted in the last 30 days.",
    )
    org_user_backup: OrgUserBackupPayload = mutation(
        org_users.back_up,
        privilege=Privilege.USER_BACKUP,
        takes=OrgUserBackupInput,
        gives=OrgUserBackupPayload,
        outcome=org_users.backup_by_id,
        target="id",
        doc="Ask for a backup of a user's data.",
    )
