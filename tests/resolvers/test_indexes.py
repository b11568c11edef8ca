"""Every list, in every order and with every filter, is answered by an index under row-level security."""

import base64
import importlib
import pkgutil
from collections.abc import Hashable, Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import DateTime, Uuid

import resolvers
from resolvers.loading import PageBy
from resolvers.paging import Order, Owner, PageArgs, binding
from storage.base import Reach, rows_of
from storage.engine import Database
from tenancy.decide import decide
from tenancy.predicates import DeclaredScope
from tenancy.scope import Boundary

PARTNER, SOME = UUID(int=1), UUID(int=2)

ORDERS = {
    "client": ("name_sort", "created_at"),
    "child_org": ("name_sort", "created_at"),
    "subscription": ("created_at", "current_period_end"),
    "partner_access": ("created_at",),
    "payment_card": ("created_at",),
    "invoice": ("created_at",),
    "partner_member": ("name_sort",),
    "org_user": ("name_sort", "created_at"),
    "user_backup": ("created_at",),
    "acting_session": ("created_at",),
    "escalation": ("created_at",),
    "change_request": ("created_at",),
    "audit_entry": ("created_at",),
}


def reach_of(question: PageBy) -> Reach:
    """Return who reads a list: what is inside an organisation, its own people do."""
    rows = rows_of(question.table)
    assert rows is not None
    return Reach.STAFF if rows.keys[Reach.STAFF] is not None else Reach.ORG


def lists() -> Iterator[tuple[str, PageBy]]:
    for module in pkgutil.iter_modules(resolvers.__path__):
        for name, found in vars(importlib.import_module(f"resolvers.{module.name}")).items():
            if isinstance(found, PageBy) and rows_of(found.table) is not None:
                yield f"{module.name}.{name}", found


def asked() -> Iterator[Any]:
    for name, question in lists():
        for order in ORDERS[question.table.name]:
            for given in (None, *question.filters):
                yield pytest.param(question, order, given, id=f"{name}-{order}-{given}")


class Recorder:
    """Stands where a read scope does, and keeps the statements instead of running them."""

    principal = SimpleNamespace(partner_id=PARTNER)

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self.statements: list[tuple[str, list[Any]]] = []
        self._boundary = Boundary(Database("unused"), decide=decide, query_scope=DeclaredScope())

    async def fetch(self, key: Hashable, build: Any, **parameters: Any) -> list[Any]:
        text, names, defaults = self._boundary.compiled(self._reach, key, build)
        bound = {**defaults, "scope_partner": PARTNER, "scope_org": SOME, **parameters}
        self.statements.append((text, [bound[name] for name in names]))
        return []


def value_for(question: PageBy, name: str) -> Any:
    if name.startswith("search"):
        return ("am", "an") * int(name.removeprefix("search_"))
    if name not in question.table.c:  # a bound of when it was made
        return datetime.now(UTC)
    kind = question.table.c[name].type
    return datetime.now(UTC) if isinstance(kind, DateTime) else SOME if isinstance(kind, Uuid) else "x"


def cursor(question: PageBy, args: PageArgs, parent: UUID | None) -> str:
    column = question.table.c[args.order.column]
    value = datetime.now(UTC).isoformat() if isinstance(column.type, DateTime) else "m"
    bound = binding(Owner(question.table.name, PARTNER, parent), args)
    return base64.urlsafe_b64encode(msgspec.msgpack.encode([1, bound, value, SOME.bytes])).decode().rstrip("=")


@pytest.mark.parametrize(("question", "order", "given"), list(asked()))
async def test_no_list_reads_a_whole_table(owner: Any, question: PageBy, order: str, given: str | None) -> None:
    filters = ((given, value_for(question, given)),) if given else ()
    bare = PageArgs(order=Order(order), first=25, filters=filters)
    parent = SOME if question.by else None
    paged = msgspec.structs.replace(bare, after=cursor(question, bare, parent))
    reach = reach_of(question)
    recorder = Recorder(reach)
    for args in (bare, paged):
        await question(recorder, [parent], frozenset({"id"}), args)  # type: ignore[arg-type]  # stands in
    async with owner.transaction():
        await owner.execute("SET LOCAL enable_seqscan = off")
        await owner.execute(f"SET LOCAL ROLE gateway_{reach.value}")
        await owner.execute(
            f"SELECT set_config('app.partner', '{PARTNER}', true), set_config('app.org', '{SOME}', true)"
        )
        for text, values in recorder.statements:
            plan = "\n".join(row[0] for row in await owner.fetch(f"EXPLAIN {text}", *values))
            assert "Seq Scan" not in plan, plan
            assert "partner_id = " in plan.partition("Index Cond")[2], plan
    assert len(recorder.statements) == 2
