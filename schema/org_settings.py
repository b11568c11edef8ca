"""What an organisation decides for itself."""

from typing import Final

import strawberry

from resolvers import org_settings
from schema.guarded import column, entity, mutation
from schema.nodes import Node, Versioned
from schema.org_user_inputs import given, retried
from schema.payloads import UserError, user_errors
from storage.org_settings import DashboardWidget, OrgSettingsRecord, TfaPolicy
from tenancy.privileges import Privilege

_SET: Final = "The settings as they now are."


@entity(read=Privilege.ORG_SETTINGS_READ, record=OrgSettingsRecord, doc="What an organisation decides for itself.")
class OrgSettings(Node, Versioned):
    """What an organisation decides for itself."""

    tfa_policy: TfaPolicy = column(doc="Whether its users sign in with a second factor.")
    contact_sync: bool = column(doc="Whether its contacts are synchronised.")
    dashboard: list[DashboardWidget] = column(doc="What its dashboard shows, in this order.")
    referral_member: bool | None = column(
        "referral_member", doc="Whether it takes part in the referral programme.", guard=Privilege.ORG_REFERRAL_USE
    )
    referral_code: str | None = column(
        "referral_code",
        doc="The code that it refers others with; null until it first takes part.",
        guard=Privilege.ORG_REFERRAL_USE,
    )


@strawberry.input(description="What setting something of an organisation has in common.")
class _Setting:
    """What setting something of an organisation has in common."""

    expected_version: int | None = given(
        "Refuse if the settings are not at this version; it is 0 while nobody has changed anything."
    )
    idempotency_key: str | None = retried("sets")


@strawberry.input(description="Whether the organisation's users sign in with a second factor.")
class OrganisationSetTfaPolicyInput(_Setting):
    """Whether the organisation's users sign in with a second factor."""

    policy: TfaPolicy = strawberry.field(description="The policy.")


@strawberry.input(description="What the organisation's dashboard shows.")
class OrganisationSetDashboardInput(_Setting):
    """What the organisation's dashboard shows."""

    widgets: list[DashboardWidget] = strawberry.field(description="What it shows, in this order: each once.")


@strawberry.input(description="Whether the organisation takes part in the referral programme.")
class OrganisationSetReferralInput(_Setting):
    """Whether the organisation takes part in the referral programme."""

    member: bool = strawberry.field(description="Whether it takes part; its code is kept when it leaves.")


@strawberry.input(description="Whether the organisation's contacts are synchronised.")
class OrganisationSetContactSyncInput(_Setting):
    """Whether the organisation's contacts are synchronised."""

    enabled: bool = strawberry.field(description="Whether they are.")


@strawberry.type(description="The settings whose policy was set, or why it was not.")
class OrganisationSetTfaPolicyPayload:
    """The settings whose policy was set, or why it was not."""

    settings: OrgSettings | None = strawberry.field(description=_SET)
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The settings whose dashboard was set, or why it was not.")
class OrganisationSetDashboardPayload:
    """The settings whose dashboard was set, or why it was not."""

    settings: OrgSettings | None = strawberry.field(description=_SET)
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The settings with the part that is taken, or why it is not.")
class OrganisationSetReferralPayload:
    """The settings with the part that is taken, or why it is not."""

    settings: OrgSettings | None = strawberry.field(description=_SET)
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The settings whose synchronisation was switched, or why it was not.")
class OrganisationSetContactSyncPayload:
    """The settings whose synchronisation was switched, or why it was not."""

    settings: OrgSettings | None = strawberry.field(description=_SET)
    user_errors: list[UserError] = user_errors()


@strawberry.type
class OrgSettingsMutation:
    """Changes of what an organisation decides for itself."""

    organisation_set_tfa_policy: OrganisationSetTfaPolicyPayload = mutation(
        org_settings.set_tfa_policy,
        privilege=Privilege.ORG_TFA_POLICY_SET,
        takes=OrganisationSetTfaPolicyInput,
        gives=OrganisationSetTfaPolicyPayload,
        outcome=org_settings.settings_by_id,
        doc="Decide whether the organisation's users sign in with a second factor.",
    )
    organisation_set_dashboard: OrganisationSetDashboardPayload = mutation(
        org_settings.set_dashboard,
        privilege=Privilege.ORG_DASHBOARD_EDIT,
        takes=OrganisationSetDashboardInput,
        gives=OrganisationSetDashboardPayload,
        outcome=org_settings.settings_by_id,
        doc="Arrange what the organisation's dashboard shows.",
    )
    organisation_set_referral: OrganisationSetReferralPayload = mutation(
        org_settings.set_referral,
        privilege=Privilege.ORG_REFERRAL_USE,
        takes=OrganisationSetReferralInput,
        gives=OrganisationSetReferralPayload,
        outcome=org_settings.settings_by_id,
        doc="Join the referral programme, or leave it; the first time makes the organisation's code.",
    )
    organisation_set_contact_sync: OrganisationSetContactSyncPayload = mutation(
        org_settings.set_contact_sync,
        privilege=Privilege.ORG_CONTACT_SYNC_SET,
        takes=OrganisationSetContactSyncInput,
        gives=OrganisationSetContactSyncPayload,
        outcome=org_settings.settings_by_id,
        doc="Switch the synchronisation of the organisation's contacts.",
    )
