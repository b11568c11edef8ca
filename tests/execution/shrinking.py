"""Makes a document that shows a difference smaller, for as long as it is valid and still shows it."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from graphql import DocumentNode, GraphQLSchema, Node, validate

_LISTS = ("definitions", "selections", "directives", "arguments")


async def shrunk(
    schema: GraphQLSchema, document: DocumentNode, differs: Callable[[DocumentNode], Awaitable[str | None]]
) -> tuple[DocumentNode, str | None]:
    """Leave out one thing after another, as long as that makes a difference; return what is left, and what differs."""
    shown: str | None = None
    found = True
    while found:
        found, number = False, 0
        while (smaller := next(islice(_smaller(document), number, None), None)) is not None:
            what = None if validate(schema, smaller) else await differs(smaller)
            if what is None:
                number += 1
            else:
                document, shown, found = smaller, what, True
    return document, shown


def _smaller(node: Any) -> Iterator[Any]:
    """Return every copy of a node that lacks one thing, at any depth; the largest first."""
    for name in _LISTS:
        members: Any = getattr(node, name, None) or ()
        for number in range(len(members) if name != "selections" or len(members) > 1 else 0):
            yield _with(node, name, (*members[:number], *members[number + 1 :]))
    for name in (*_LISTS, "selection_set"):
        held: Any = getattr(node, name, None)
        if isinstance(held, Node):
            yield from (_with(node, name, smaller) for smaller in _smaller(held))
            continue
        for number, member in enumerate(held or ()):
            for smaller in _smaller(member):
                yield _with(node, name, (*held[:number], smaller, *held[number + 1 :]))


def _with(node: Any, name: str, value: Any) -> Any:
    return replace(node, **{name: value})
