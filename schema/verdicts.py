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


def values(record: Any, names: tuple[str, ...]) -> tuple[Any, ...]:
    """Return the values of some columns of a record."""
    return tuple(getattr(record, name) for name in names)


def viewer_can(entity: EntitySpec) -> Any:
    """Make the field that every entity carries: whether the caller may do something to this very one."""
    columns = tuple(sorted(judged_columns(entity.table_name)))

    def judge(request: Any, privilege: Privilege, *judged: Any) -> Verdict:
        row = dict(zip(columns, judged, strict=True))
        return Verdict.of(privilege, request.scope.verdict(privilege, table=entity.table_name, row=row))

    def answer(root: Any, info: strawberry.Info, privilege: AskedPrivilege) -> Verdict:
        return judge(info.context, privilege, *values(root, columns))

    spec = FieldSpec(Kind.JUDGED, needs=columns, resolve=judge, args=lambda *, privilege: privilege)
    return strawberry.field(
        resolver=answer, description="Whether the caller may do something to it.", metadata={SPEC: spec}
    )
