"""Plans and their prices: reference data that every caller may read."""

from typing import Final

from resolvers.loading import ById, ManyBy, PageBy, equals
from storage.plans import PlanPriceRecord, PlanRecord, plan, plan_price

plan_by_id: Final = ById(plan, PlanRecord)
plans: Final = PageBy(plan, PlanRecord, filters={"status": equals("status"), "code": equals("code")})
prices_by_plan: Final = ManyBy(plan_price, PlanPriceRecord, by="plan_id", order=("currency", "cycle"))
