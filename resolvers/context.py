"""What a resolver is given: who asks, how far that reaches, what was loaded already, and what time it is."""

from collections.abc import Callable, Hashable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any
from uuid import UUID

from aiodataloader import DataLoader

from connectors.cards import CardProcessor
from resolvers.errors import NotFoundError, UnauthenticatedError
from resolvers.loading import Question
from storage.base import now
from tenancy.audit import Attempt
from tenancy.principal import Principal
from tenancy.scope import Scope, WriteScope


class Loaders:
    """The aiodataloader face of the questions: one loader for each question, column set and arguments."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._loaders: dict[Hashable, DataLoader[Any, Any]] = {}

    async def load(self, question: Question, key: Any, *, columns: frozenset[str], args: Any) -> Any:
        """Ask a question about one key, together with everybody who asks it in the same tick.

        Raises:
            ExpectedError: the answer about this key is an error.
        """
        name = (question, columns, args)
        loader = self._loaders.get(name)
        if loader is None:

            async def ask(keys: list[Any]) -> list[Any]:
                db = await self._scope.read()
                return list(await question(db, keys, columns, args, wire=False))

            loader = self._loaders[name] = DataLoader(ask)
        return await loader.load(key)

    def clear(self) -> None:
        """Forget everything: something was changed."""
        self._loaders.clear()


class Request:
    """One operation of one caller; never shared with another."""

    def __init__(
        self,
        scope: Scope,
        *,
        request_id: str,
        cards: CardProcessor,
        address: str | None = None,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self.scope = scope
        self.request_id = request_id
        self.address = address
        self.cards = cards
        self.clock = clock
        self.loaders = Loaders(scope)
        self.attempt: Attempt | None = None

    def write(self) -> AbstractAsyncContextManager[WriteScope]:
        """Open the transaction of the change that is being made; what was loaded before is forgotten."""
        if self.attempt is None:
            message = "a change is written only by a mutation"
            raise RuntimeError(message)
        self.loaders.clear()
        return self.scope.write(self.attempt)


def actor(db: WriteScope) -> Principal:
    """Return who makes a change.

    Raises:
        UnauthenticatedError: the system does.
    """
    if db.principal is None:
        raise UnauthenticatedError
    return db.principal


def insider(db: WriteScope) -> tuple[Principal, UUID]:
    """Return who makes a change, and the one organisation that the scope is confined to.

    Raises:
        UnauthenticatedError: the system does.
        NotFoundError: the scope is not that of an organisation.
    """
    principal = actor(db)
    if principal.child_org_id is None:
        raise NotFoundError("organisation")
    return principal, principal.child_org_id


def asked_by(db: WriteScope) -> dict[str, Any]:
    """Return what a row tells of whoever asks for something."""
    asker = actor(db)
    return {"requested_by": asker.membership_id, "requested_by_name": asker.name}


def decided_by(db: WriteScope) -> dict[str, Any]:
    """Return what a row tells of whoever answers, and when."""
    return {"decided_at": db.now, "decided_by_name": actor(db).name}
