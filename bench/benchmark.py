"""One run, from an empty database to the figures."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

from bench import data, database, million, people, servers
from bench.cases import PAGES, Case
from bench.measuring import Figures, Pace, Rounds
from bench.preparing import Preparation, Works
from bench.servers import Kind, Place, Running
from bench.setting import write_setting
from gateway import starting
from gateway.identity.keys import Keys
from gateway.identity.tokens import TokenSigner
from gateway.settings import Settings

_RESIZED: Final = 64
"""How many subscriptions the changes go round."""
_DEADLINE_SECONDS: Final = 60
"""Of our servers: the slowest answers eight dashboards at a time so slowly that it comes near the usual one."""


class Plan(msgspec.Struct, frozen=True):
    """What is to be measured, and how."""

    kinds: Sequence[Kind]
    cases: Sequence[Case]
    pace: Pace

    @property
    def million(self) -> bool:
        """Whether the partner with a million clients takes part."""
        return any(case.million for case in self.cases)

    @property
    def compares_executors(self) -> bool:
        """Whether the dashboard is measured on both executors, and so without a database too."""
        return {"gateway", "stock"} <= {kind.name for kind in self.kinds} and any(
            case.query == "D1" for case in self.cases
        )


class Bench:
    """A run over one database server; `postgres` is its process, where that is in sight."""

    def __init__(self, settings: Settings, owner_url: str, postgres: int | None, tell: Callable[[str], None]) -> None:
        self._settings = settings
        self._owner_url = owner_url
        self._postgres = postgres
        self._tell = tell
        self._keys = Keys(settings.data_dir)

    async def run(self, plan: Plan, *, core: int, directory: Path) -> Figures:
        """Fill the database, start the servers, compare their answers and measure them.

        Raises:
            BenchError: it cannot be done, or two servers answer differently; then nothing was measured.
        """
        await self._fill(plan)
        found = await people.find(self._owner_url, clients=PAGES, subscriptions=_RESIZED)
        rounds = Rounds(self._owner_url, self._postgres, plan.pace)
        signer = TokenSigner(self._keys.signing_key(), issuer=self._settings.issuer)
        preparation = Preparation(found, signer, rounds)
        async with self._started(plan.kinds, self._place(core, directory), rounds, preparation.token) as running:
            works: Works = {}
            for case in plan.cases:
                self._tell(f"comparing the answers: {case.key}")
                concerned = [server for server in running if case.concerns(server.kind.name)]
                works |= await preparation.works(case, concerned)
            return await rounds.measure(plan.cases, running, works, self._tell)

    async def _fill(self, plan: Plan) -> None:
        self._tell("filling the database")
        if self._settings.database_url is None:
            await database.create(self._owner_url)
        await starting.migrate(self._settings, self._owner_url)
        await data.fill(self._owner_url, data.Shape())
        if plan.million:
            self._tell("adding a million clients")
            await million.fill(self._owner_url)
        await data.settle(self._owner_url)

    def _place(self, core: int, directory: Path) -> Place:
        login_url = starting.login_url(self._settings, self._owner_url)
        issuer = self._settings.issuer
        setting = write_setting(directory, login_url=login_url, keys=self._keys.verifying_keys(), issuer=issuer)
        environment = {
            "DATABASE_URL": "",
            "DATABASE_LOGIN_URL": login_url,
            "GATEWAY_DATA_DIR": str(self._settings.data_dir),
            "GATEWAY_ENVIRONMENT": "production",
            "GATEWAY_ISSUER": issuer,
            "GATEWAY_DEADLINE_SECONDS": str(_DEADLINE_SECONDS),
        }
        return Place(setting, environment, core, directory)

    @asynccontextmanager
    async def _started(
        self, kinds: Sequence[Kind], place: Place, rounds: Rounds, token: str
    ) -> AsyncIterator[list[Running]]:
        running: list[Running] = []
        try:
            for kind in kinds:
                self._tell(f"starting {kind.name}")
                running.append(await servers.start(kind, place, token))
                await rounds.put_to_rest(running[-1])
            yield running
        finally:
            for each in running:
                each.child.end()
