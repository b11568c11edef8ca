"""What every entity has, and how one is found by its id."""

from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from resolvers.errors import NotFoundError
from resolvers.loading import Question
from schema import node_ids
from schema.guarded import ID_DOC, column, computed
from schema.specs import EntitySpec, Route
from schema.verdicts import Verdict
from tenancy.conditions import judged_columns
from tenancy.privileges import Privilege


@strawberry.interface(description="Anything that has an id of its own.")
class Node:
    """Anything that has an id of its own."""

    id: strawberry.ID = computed(lambda identifier: identifier, needs=("id",), doc=ID_DOC)


@strawberry.interface(description="Anything that changes, and counts its changes.")
class Versioned:
    """Anything that counts its changes."""

    version: int = column(doc="Counts changes; give it back as `expectedVersion`.")
    created_at: datetime = column(doc="When it was made.")
    updated_at: datetime = column(doc="When it was last changed.")


class NodeQuestions:
    """Which question finds each kind of node by its id."""

    def __init__(self, questions: dict[EntitySpec, Question]) -> None:
        self._by_name = {spec.name: (spec, question) for spec, question in questions.items()}

    async def find(self, request: Any, text: str, columns: frozenset[str]) -> Any:
        """Find a node of any kind.

        Raises:
            NotFoundError: the id is malformed, unknown or outside the caller's scope: all the same.
            ForbiddenError: the caller may not read this kind of node.
        """
        return (await self._found(request, text, columns, argument="id"))[1]

    def route(self, request: Any, text: str) -> Route:
        """Tell where a node of any kind is found.

        Raises:
            NotFoundError: the id is malformed.
            ForbiddenError: the caller may not read this kind of node.
        """
        spec, question, key = self._named(request, text, argument="id")
        return Route(question, key, spec.name, NotFoundError("node", path=("id",)))

    async def verdict(self, request: Any, asked: tuple[Privilege, str | None], _columns: frozenset[str]) -> Verdict:
        """Tell whether the caller may do something, to a node where one is named.

        Raises:
            NotFoundError: the id is malformed, unknown or outside the caller's scope: all the same.
            ForbiddenError: the caller may not read this kind of node.
        """
        privilege, target = asked
        if target is None:
            return Verdict.of(privilege, request.scope.verdict(privilege))
        names = frozenset(name for spec, _ in self._by_name.values() for name in judged_columns(spec.table_name))
        spec, found = await self._found(request, target, names, argument="targetId")
        row = {name: getattr(found, name) for name in judged_columns(spec.table_name)}
        return Verdict.of(privilege, request.scope.verdict(privilege, table=spec.table_name, row=row))

    async def _found(
        self, request: Any, text: str, columns: frozenset[str], *, argument: str
    ) -> tuple[EntitySpec, Any]:
        spec, question, key = self._named(request, text, argument=argument)
        db = await request.scope.read()
        known = columns & frozenset(spec.record.__struct_fields__)
        (found,) = await question(db, [key], known, None, wire=False)
        if found is None:
            raise NotFoundError("node", path=(argument,))
        return spec, found

    def _named(self, request: Any, text: str, *, argument: str) -> tuple[EntitySpec, Question, UUID]:
        named = node_ids.decode(text)
        if named is None or named[0] not in self._by_name:
            raise NotFoundError("node", path=(argument,))
        spec, question = self._by_name[named[0]]
        request.scope.demand(spec.read)
        return spec, question, named[1]
