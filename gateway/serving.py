"""The processes that stay: what serving and working start, what they print, and that all of it stops together."""

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from typing import Final, NoReturn

import structlog
import uvicorn
from starlette.applications import Starlette

from gateway import starting
from gateway.app import Layers, compose, production_layers
from gateway.identity.keys import Keys
from gateway.identity.tokens import TokenSigner
from gateway.settings import Settings
from gateway.terminal import errors, progress_bar
from gateway.worker import Worker
from storage.seeding import Account
from tenancy.scope import Boundary

GARBAGE_THRESHOLDS: Final = (100_000, 20, 20)
"""After how many new objects the garbage collector looks through them, and how many of its looks go further back."""
GRACE_SECONDS: Final = 10
"""How long requests that are under way may take once the process is told to stop."""


def run(settings: Settings, *, demo: bool) -> None:
    """Serve until told to stop.

    Raises:
        CannotStartError: the port is taken, or the database is at another revision.
        EmbeddedError: the embedded server cannot be started.
        DatabaseUnreachableError: the configured database cannot be reached.
    """
    _configure_logging(settings)
    signal.signal(signal.SIGTERM, _leave)
    starting.demand_free_port(settings.host, settings.port)
    if settings.database_url is None and settings.database_login_url is not None:
        login_url = settings.database_login_url.get_secret_value()
        asyncio.run(starting.demand_current(login_url))
        _serve(settings, login_url, [])
        return
    with starting.owner_database(settings, alone=True) as owner_url:
        asyncio.run(starting.migrate(settings, owner_url))
        accounts: list[Account] = []
        if settings.development:
            bar = progress_bar("Seeding the demo") if demo else nullcontext()
            with bar as progress:
                accounts = asyncio.run(_accounts(owner_url, demo=demo, progress=progress))
        _serve(settings, starting.login_url(settings, owner_url), accounts)


def run_worker(settings: Settings) -> None:
    """Number trails and run jobs until told to stop.

    Raises:
        CannotStartError: the database is at another revision.
        EmbeddedError: the embedded server cannot be started.
        DatabaseUnreachableError: the configured database cannot be reached.
    """
    _configure_logging(settings)
    signal.signal(signal.SIGTERM, _leave)
    with starting.login_database(settings) as login_url:
        told = asyncio.run(_work(production_layers(settings, login_url=login_url)))
    sys.exit(128 + told)


async def _work(layers: Layers) -> int:
    """Work until a signal comes, and return its number."""
    told: list[int] = []
    await layers.database.open()
    worker = _worker(layers)

    def stop(number: int) -> None:
        told.append(number)
        worker.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    try:
        errors.print(f"The worker runs. Jobs that failed for good: {await worker.dead()}.")
        await worker.run()
    finally:
        await layers.database.close()
    return told[0]


def _worker(layers: Layers) -> Worker:
    return Worker(Boundary(layers.database, decide=layers.decide, query_scope=layers.query_scope))


def with_worker(app: Starlette, layers: Layers) -> Starlette:
    """Let an application run a worker as long as it runs itself."""
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(running: Starlette) -> AsyncIterator[None]:
        async with inner(running), _worker(layers).running():
            yield

    app.router.lifespan_context = lifespan
    return app


def _leave(number: int, _frame: object) -> NoReturn:
    """End by unwinding, so that the embedded server is stopped rather than left to notice."""
    sys.exit(128 + number)


async def _accounts(owner_url: str, *, demo: bool, progress: object) -> list[Account]:
    if demo:
        return await starting.demo_accounts(owner_url, progress=progress)  # type: ignore[arg-type]  # progress_bar's
    return await starting.accounts(owner_url)


def _serve(settings: Settings, login_url: str, accounts: Sequence[Account]) -> None:
    layers = production_layers(settings, login_url=login_url)
    app = with_worker(compose(settings, layers, accounts=accounts), layers)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        server_header=False,
    )
    _Announced(config, settings, accounts).run()


class _Announced(uvicorn.Server):
    """A server that says where it is once it answers."""

    def __init__(self, config: uvicorn.Config, settings: Settings, accounts: Sequence[Account]) -> None:
        super().__init__(config)
        self._settings = settings
        self._accounts = accounts

    async def startup(self, sockets: "list[object] | None" = None) -> None:  # type: ignore[override]  # narrower there
        await super().startup(sockets)  # type: ignore[arg-type]  # as above
        if self.started:
            _settle_memory()
            _announce(self._settings, self._accounts)


def _settle_memory() -> None:
    """Take what the process was built of out of the garbage collector's sight, and let it look less often.

    An answer is thousands of short-lived objects without cycles: looking through them, and through a schema that
    stays, takes a third of the time of making them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)


def _announce(settings: Settings, accounts: Sequence[Account]) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{host}:{settings.port}"
    errors.print(f"\n[bold]The gateway answers at {url}/graphql[/]")
    if not settings.development:
        return
    errors.print(f"The explorer is at {url}/explorer/")
    if not accounts:
        return
    errors.print("\nDemo accounts (for `gateway token --as`, and one click in the explorer):")
    for account in accounts:
        errors.print(f"  {account.id:<16} {account.name}, {account.role.lower()} of {account.organisation}")
    signer = TokenSigner(Keys(settings.data_dir).signing_key(), issuer=settings.issuer)
    bearer = signer.sign(accounts[0].membership_id, accounts[0].epoch)
    query = "{ viewer { role partner { name } } clients(first: 3) { totalCount nodes { displayName email } } }"
    errors.print("\nTry it:\n")
    print(  # noqa: T201 - a command to be copied: no wrapping, no markup
        f"curl -s {url}/graphql -H 'Content-Type: application/json' \\\n"
        f"  -H 'Authorization: Bearer {bearer}' \\\n"
        f'  -d \'{{"query": "{query}"}}\'\n',
        flush=True,
    )


def _console() -> structlog.dev.ConsoleRenderer:
    """Write for people, and without the local variables that a richer traceback would show: they hold secrets."""
    return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)


def _configure_logging(settings: Settings) -> None:
    renderer = structlog.processors.JSONRenderer() if settings.log_format == "json" else _console()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([structlog.processors.format_exc_info] if settings.log_format == "json" else []),
            renderer,
        ],
        logger_factory=structlog.PrintLoggerFactory(),
    )
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
