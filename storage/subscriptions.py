"""Subscriptions of child organisations to plans."""

from datetime import datetime
from enum import StrEnum
from typing import Final, NewType
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Uuid

from storage.base import (
    ABSENT,
    ORG_ROWS,
    SCHEMA,
    Rows,
    TenantRecord,
    ident,
    moment,
    tenant_table,
    text,
    whole,
    within_partner,
    word,
)
from storage.plans import BillingCycle

SubscriptionId = NewType("SubscriptionId", UUID)


class SubscriptionStatus(StrEnum):
    """Where a subscription is in its life."""

    PENDING = "PENDING"
    TRIALING = "TRIALING"
    ACTIVE = "ACTIVE"
    PAST_DUE = "PAST_DUE"
    SUSPENDED = "SUSPENDED"
    CANCELLED = "CANCELLED"
    TERMINATED = "TERMINATED"


subscription: Final = tenant_table(
    "subscription",
    ident("client_id"),
    ident("child_org_id"),
    Column("plan_id", Uuid, ForeignKey(f"{SCHEMA}.plan.id"), nullable=False),
    word("status", SubscriptionStatus),
    whole("seats"),
    whole("seats_assigned"),
    whole("seats_at_renewal", null=True),
    whole("seats_before_increase", null=True),
    whole("extra_storage_gb"),
    Column("plan_id_at_renewal", Uuid, ForeignKey(f"{SCHEMA}.plan.id"), nullable=True),
    moment("seats_increased_at", null=True),
    word("cycle", BillingCycle),
    text("currency"),
    whole("unit_price_minor"),
    moment("started_at"),
    moment("current_period_start"),
    moment("current_period_end"),
    moment("trial_ends_at", null=True),
    ident("card_id", null=True),
    text("organisation_name"),
    text("organisation_domain"),
    CheckConstraint("seats > 0 AND seats >= seats_assigned", name="seats"),
    Index(None, "partner_id", "created_at", "id"),
    Index(None, "partner_id", "current_period_end", "id"),
    Index(None, "partner_id", "status", "current_period_end", "id"),
    Index(None, "partner_id", "status", "created_at", "id"),
    Index(None, "partner_id", "client_id", "created_at", "id"),
    Index(None, "partner_id", "client_id", "current_period_end", "id"),
    Index(None, "partner_id", "child_org_id", "created_at", "id"),
    Index(None, "partner_id", "child_org_id", "current_period_end", "id"),
    Index(None, "partner_id", "plan_id", "created_at", "id"),
    Index(None, "partner_id", "card_id"),
    within_partner("client_id", "client"),
    within_partner("child_org_id", "child_org"),
    within_partner("card_id", "payment_card"),
    rows=Rows(ORG_ROWS),
)


class SubscriptionRecord(TenantRecord, frozen=True, kw_only=True):
    """One subscription; the unit price is in minor units, a seat and cycle."""

    client_id: UUID = ABSENT
    child_org_id: UUID = ABSENT
    plan_id: UUID = ABSENT
    status: str = ABSENT
    seats: int = ABSENT
    seats_assigned: int = ABSENT
    seats_at_renewal: int | None = ABSENT
    seats_before_increase: int | None = ABSENT
    seats_increased_at: datetime | None = ABSENT
    extra_storage_gb: int = ABSENT
    plan_id_at_renewal: UUID | None = ABSENT
    cycle: str = ABSENT
    currency: str = ABSENT
    unit_price_minor: int = ABSENT
    started_at: datetime = ABSENT
    current_period_start: datetime = ABSENT
    current_period_end: datetime = ABSENT
    trial_ends_at: datetime | None = ABSENT
    card_id: UUID | None = ABSENT
    organisation_name: str = ABSENT
    organisation_domain: str = ABSENT
