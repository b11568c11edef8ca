"""What a caller may do, asked instead of tried: for a button that is greyed out and says why."""

from typing import Annotated, Any, Self

import strawberry

from schema.specs import SPEC, EntitySpec, FieldSpec, Kind
from tenancy.conditions import judged_columns
from tenancy.decide import Decision, Deny
from tenancy.privileges import Privilege

AskedPrivilege = Annotated[Privilege, strawberry.argument(description="What one would like to do.")]


@strawberry.type(description="Whether the caller may do something, and if not, why, who can and how to ask.")
class Verdict:
    """Whether the caller may do something."""

    privilege: Privilege = strawberry.field(description="What was asked about.")
    allowed: bool = strawberry.field(description="Whether the caller may.")
    rule: str | None = strawberry.field(default=None, description="Of a denial: the rule, by its stable code.")
    because: str | None = strawberry.field(default=None, description="Of a denial: why, in a sentence.")
    who_can: str | None = strawberry.field(default=None, description="Of a denial: who may do this.")
    how_to_request: str | None = strawberry.field(default=None, description="Of a denial: how to ask for it.")

    @classmethod
    def of(cls, privilege: Privilege, decision: Decision) -> Self:
        """Tell a decision."""
        if not isinstance(decision, Deny):
            return cls(privilege=privilege, allowed=True)
        return cls(
            privilege=privilege,
            allowed=False,
            rule=decision.rule,
            because=decision.because,
            who_can=decision.who_can,
            how_to_request=decision.how_to_request,
        )


def viewer_can(entity: EntitySpec) -> Any:
    """Make the field that every entity carries: whether the caller may do something to this very one."""
    columns = judged_columns(entity.table_name)

    def answer(root: Any, info: strawberry.Info, privilege: AskedPrivilege) -> Verdict:
        row = {name: getattr(root, name) for name in columns}
        return Verdict.of(privilege, info.context.scope.verdict(privilege, table=entity.table_name, row=row))

    spec = FieldSpec(Kind.COMPUTED, needs=columns)
    return strawberry.field(
        resolver=answer, description="Whether the caller may do something to it.", metadata={SPEC: spec}
    )
