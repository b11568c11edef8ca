"""Documents by their text: parsed and validated once, for as long as they are among those asked for lately."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final

from graphql import DocumentNode, GraphQLError, GraphQLSchema, OperationDefinitionNode, parse, specified_rules
from strawberry.schema.schema import validate_document

MOST_DOCUMENTS: Final = 1_000


class NoSuchOperationError(LookupError):
    """A document holds no operation of a name, or several where none was named; the message says which."""


class Document:
    """One document: `errors` say what is wrong with it, `node` is None where it is not even GraphQL."""

    def __init__(self, node: DocumentNode | None, errors: Sequence[GraphQLError]) -> None:
        self.node = node
        self.errors = errors
        definitions = node.definitions if node else ()
        self._operations = [found for found in definitions if isinstance(found, OperationDefinitionNode)]
        self._by_name = {found.name.value: found for found in self._operations if found.name}

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """Return the operation of this name, or the only one.

        Raises:
            NoSuchOperationError: there is none, or there are several.
        """
        if name is not None:
            if name not in self._by_name:
                message = "The document has no operation of this name."
                raise NoSuchOperationError(message)
            return self._by_name[name]
        if len(self._operations) != 1:
            several = "The document has several operations; name one in operationName."
            message = several if self._operations else "The document has no operation."
            raise NoSuchOperationError(message)
        return self._operations[0]


class Documents:
    """The documents that one schema was asked lately; those that nobody asks for go."""

    def __init__(self, schema: GraphQLSchema, *, rules: Sequence[Any] = (), most_tokens: int | None = None) -> None:
        self._schema = schema
        self._rules = (*specified_rules, *rules)
        self._most_tokens = most_tokens
        self._known: OrderedDict[str, Document] = OrderedDict()

    def read(self, text: str) -> Document:
        """Return what a text is as a document."""
        known = self._known.get(text)
        if known is not None:
            self._known.move_to_end(text)
            return known
        made = self._known[text] = self._made(text)
        if len(self._known) > MOST_DOCUMENTS:
            self._known.popitem(last=False)
        return made

    def _made(self, text: str) -> Document:
        try:
            node = parse(text, max_tokens=self._most_tokens)
            return Document(node, validate_document(self._schema, node, self._rules))
        except GraphQLError as error:
            return Document(None, [error])
