"""One run of a generated case: what is asked of which schema, and how much of it goes wrong."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from graphql import DocumentNode, GraphQLSchema


class Run(NamedTuple):
    """One operation of a document, what it is asked with, and how its resolvers behave.

    `rate` is how often something goes wrong at a position, `waiting` how often it is awaited; `salt` decides the rest.
    """

    schema: GraphQLSchema
    document: DocumentNode
    operation: str | None
    variables: Mapping[str, Any]
    salt: int
    rate: float
    waiting: float
