"""How a mutation is run: its input unpacked, its errors expected, its retry answered with the stored outcome."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, Final

import orjson
import strawberry

from resolvers.errors import CardNumberRefusedError, ExpectedError, RequiredError, TooLongError, UnauthenticatedError
from resolvers.loading import ById
from resolvers.rules.card_numbers import looks_like_card_number, mentions_card_number
from schema import node_ids
from schema.payloads import UserError
from schema.specs import EntitySpec
from storage.base import Record
from tenancy.audit import Attempt, input_hash
from tenancy.errors import ReplayedError
from tenancy.privileges import Privilege

NODE: Final = "node"
KEY: Final = "idempotency_key"
OPAQUE: Final = frozenset({KEY, "token"})
"""Names of inputs that hold what a program made: only as a whole can they be a card number."""
LONGEST_KEY: Final = 200


@dataclass(frozen=True, slots=True)
class Mutation:
    """One kind of change, as it was declared."""

    resolve: Callable[..., Awaitable[Record]]
    privilege: Privilege
    gives: type
    outcome: ById
    target: str | None
    entity_of: Callable[[type[Record]], EntitySpec]

    async def run(self, request: Any, operation: str, given: Any) -> Any:
        """Make the change and its payload; an expected error is part of the payload.

        Raises:
            UnauthenticatedError: nobody is signed in, so that the whole answer is refused.
        """
        try:
            record = await self._changed(request, operation, given)
        except UnauthenticatedError:
            raise
        except ExpectedError as error:
            return self._payload(None, [UserError.of(error)])
        finally:
            request.attempt = None
        return self._payload(record, [])

    def _payload(self, record: Record | None, user_errors: list[UserError]) -> Any:
        changed = next(field.name for field in fields(self.gives) if field.name != "user_errors")
        return self.gives(**{changed: record, "user_errors": user_errors})

    async def _changed(self, request: Any, operation: str, given: Any) -> Record | None:
        values = plain(given)
        for path, text in _texts(values):
            if holds_card_number(text, whole=path[-1] in OPAQUE):
                raise CardNumberRefusedError(*path)
        key = _checked_key(values.pop(KEY, None))
        canonical = orjson.dumps(values, option=orjson.OPT_SORT_KEYS, default=str)
        request.attempt = Attempt(
            operation=operation,
            privilege=self.privilege,
            request_id=request.request_id,
            target=values.get(self.target) if self.target else None,
            address=request.address,
            idempotency_key=key,
            input_hash=input_hash(canonical),
        )
        targets = [values.pop(self.target)] if self.target else []
        try:
            return await self.resolve(request, *targets, **values)
        except ReplayedError as replay:
            return await self._read_again(request, replay)

    async def _read_again(self, request: Any, replay: ReplayedError) -> Record | None:
        """Read the stored outcome under a fresh authorisation."""
        db = await request.scope.read()
        kind = self.outcome.record
        read = self.entity_of(kind).read
        if read is not self.privilege:  # what one was let do once, one is told again
            request.scope.demand(read)
        (found,) = await self.outcome(db, [replay.identifier], frozenset(kind.__struct_fields__), None, wire=False)
        record: Record | None = found
        return record


def plain(given: Any) -> dict[str, Any]:
    """Turn an input into plain values by their Python names; what was not given is left out, ids become UUIDs."""
    made: dict[str, Any] = {}
    for field in fields(given):
        value = getattr(given, field.name)
        if value is strawberry.UNSET:
            continue
        of = getattr(field, "metadata", {}).get(NODE)
        made[field.name] = node_ids.of_kind(value, of) if of and value is not None else _plain(value)
    return made


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return plain(value)
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _texts(values: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, value in values.items():
        if isinstance(value, str):
            yield (*path, name), value
        elif isinstance(value, Mapping):
            yield from _texts(value, (*path, name))
        elif isinstance(value, int | Decimal) and not isinstance(value, bool):
            yield (*path, name), str(value)


def holds_card_number(text: str, *, whole: bool) -> bool:
    """Tell whether a text holds a card number; of what a program made only the whole is looked at."""
    return looks_like_card_number(text) if whole else mentions_card_number(text)


def _checked_key(key: str | None) -> str | None:
    if key is None:
        return None
    if not key.strip():
        raise RequiredError(KEY)
    if len(key) > LONGEST_KEY:
        raise TooLongError(KEY, most=LONGEST_KEY)
    return key
