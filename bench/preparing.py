"""What each server is asked in each case, and the proof beforehand that all of them answer the same."""

from collections.abc import Sequence
from typing import Any, Final

import orjson

from bench import load, verifying
from bench.cases import DEEP_PAGE, Case, Changing, Reading
from bench.database import BenchError
from bench.load import Work, http_request
from bench.measuring import Rounds
from bench.people import People
from bench.servers import Running
from gateway.identity.tokens import TokenSigner
from schema import node_ids

Works = dict[tuple[str, str], Work]
"""What is asked, by the case's key and the server's name."""
_ONCE: Final = 1


class Preparation:
    """Makes the requests of a run: tokens, variables and cursors."""

    def __init__(self, found: People, signer: TokenSigner, rounds: Rounds) -> None:
        self._found = found
        self._rounds = rounds
        self._large, self._changing, self._million = (
            "" if owner is None else signer.sign(owner.membership_id, owner.epoch)
            for owner in (found.large, found.changing, found.million)
        )

    @property
    def token(self) -> str:
        """The token of the large partner's owner."""
        return self._large

    async def works(self, case: Case, running: Sequence[Running]) -> Works:
        """Ask every server that a case concerns, and keep the answers that all of them gave.

        Raises:
            BenchError: two servers answer differently, or one refuses.
        """
        if case.changes:
            return await self._changes(case, running)
        works: Works = {}
        given: dict[str, list[bytes]] = {}
        for server in running:
            name, dialect = server.kind.name, server.kind.dialect
            async with self._rounds.awake(server):
                requests = await self._requests(case, server)
                answers = await verifying.answers(server.port, requests)
            given[name] = [verifying.canonical(body, dialect) for body in answers]
            works[case.key, name] = Reading(requests, answers)
        verifying.demand_equal(case.key, given)
        return works

    async def _changes(self, case: Case, running: Sequence[Running]) -> Works:
        connections = self._rounds.pace.connections
        work = Changing(self._changing, self._found.subscriptions, connections)
        for server in running:
            async with self._rounds.awake(server):
                await load.run(server.port, work, connections=connections, seconds=0, fewest=_ONCE)
        return {(case.key, server.kind.name): work for server in running}

    async def _requests(self, case: Case, server: Running) -> list[bytes]:
        if case.document == "client_page":
            ids = [node_ids.encode("Client", identifier) for identifier in self._found.clients]
            return [self._request(case, server, {"id": identifier}) for identifier in ids]
        after: dict[str, str] = {}
        for _ in range(case.page - 1):
            (body,) = await verifying.answers(server.port, [self._request(case, server, after)])
            after = {"after": _end_cursor(body)}
        return [self._request(case, server, after)]

    def _request(self, case: Case, server: Running, variables: dict[str, Any]) -> bytes:
        dialect = server.kind.dialect
        token = self._million if case.million else self._large
        asked = dialect.variables(variables, self._found.large.partner_id)
        return http_request(token, dialect.text(case.document), asked)


def _end_cursor(body: bytes) -> str:
    clients: Any = orjson.loads(body)["data"]["clients"]
    if not clients["pageInfo"]["hasNextPage"]:
        message = f"A list ends before page {DEEP_PAGE}."
        raise BenchError(message)
    cursor: str = clients["pageInfo"]["endCursor"]
    return cursor
