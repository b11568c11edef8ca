"""Plans and their prices: reference data, the same for every partner."""

from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, Column, ForeignKey, Text, UniqueConstraint, Uuid

from storage.base import ABSENT, SCHEMA, Record, moment, reference_table, text, whole, word


class PlanStatus(StrEnum):
    """Whether a plan can be bought."""

    ON_SALE = "ON_SALE"
    WITHDRAWN = "WITHDRAWN"


class BillingCycle(StrEnum):
    """How often a subscription renews."""

    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


plan: Final = reference_table(
    "plan",
    whole("version"),
    moment("created_at"),
    moment("updated_at"),
    text("code"),
    text("name"),
    Column("features", ARRAY(Text), nullable=False),
    whole("seats_min"),
    whole("seats_max"),
    whole("storage_gb"),
    whole("trial_days"),
    word("status", PlanStatus),
    UniqueConstraint("code"),
)

plan_price: Final = reference_table(
    "plan_price",
    Column("plan_id", Uuid, ForeignKey(f"{SCHEMA}.plan.id"), nullable=False),
    text("currency"),
    word("cycle", BillingCycle),
    whole("amount_minor"),
    UniqueConstraint("plan_id", "currency", "cycle"),
)


class PlanRecord(Record, frozen=True, kw_only=True):
    """One plan."""

    code: str = ABSENT
    name: str = ABSENT
    features: list[str] = ABSENT
    seats_min: int = ABSENT
    seats_max: int = ABSENT
    storage_gb: int = ABSENT
    trial_days: int = ABSENT
    status: str = ABSENT


class PlanPriceRecord(Record, frozen=True, kw_only=True):
    """What a plan costs a seat, in one currency and cycle; the amount is in minor units."""

    plan_id: UUID = ABSENT
    currency: str = ABSENT
    cycle: str = ABSENT
    amount_minor: int = ABSENT
