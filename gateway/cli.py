"""The command line: gateway serve, worker, migrate, seed, token, import, audit, schema."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import aclosing, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from pydantic import ValidationError
from rich.markup import escape
from rich.text import Text

from gateway import starting
from gateway.settings import Settings
from gateway.terminal import errors, progress_bar, results
from storage.embedded import EmbeddedError
from storage.engine import DatabaseUnreachableError
from storage.migrate import PrivilegedLoginError, UnsupportedServerError

_EXPECTED = (
    starting.CannotStartError,
    EmbeddedError,
    DatabaseUnreachableError,
    UnsupportedServerError,
    PrivilegedLoginError,
)

app = typer.Typer(
    name="gateway",
    help="A GraphQL gateway for a multi-tenant reseller platform.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
importing = typer.Typer(help="Bring data in from elsewhere.", no_args_is_help=True)
audits = typer.Typer(help="The audit trail.", no_args_is_help=True)
schemas = typer.Typer(help="The GraphQL schema.", no_args_is_help=True)
app.add_typer(importing, name="import")
app.add_typer(audits, name="audit")
app.add_typer(schemas, name="schema")

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Where the embedded PostgreSQL and the keys are kept.")
]


def main() -> NoReturn:
    """Run the command line; what stands in the way is one line on stderr and exit code 2."""
    try:
        app()
    except _EXPECTED as error:
        _refuse(str(error))
    except ValidationError as error:
        first = error.errors()[0]
        _refuse(f"Setting {'.'.join(str(part) for part in first['loc'])}: {first['msg']}.")
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)


def _refuse(message: str) -> NoReturn:
    errors.print(f"[bold red]gateway:[/] {message}", markup=True)
    sys.exit(2)


def _settings(**given: Any) -> Settings:
    return Settings(**{name: value for name, value in given.items() if value is not None})


@app.command()
def serve(
    *,
    host: Annotated[str | None, typer.Option(help="The address to serve on.")] = None,
    port: Annotated[int | None, typer.Option(help="The port to serve on.")] = None,
    data_dir: DataDir = None,
    demo: Annotated[bool, typer.Option(help="Fill an empty database with a demo.")] = True,
) -> None:
    """Serve: starts and migrates the database first, and seeds a demo the first time."""
    from gateway.serving import run  # noqa: PLC0415 - the server's imports would slow every other command

    settings = _settings(host=host, port=port, data_dir=data_dir)
    run(settings, demo=demo and settings.development)


@app.command()
def worker(*, data_dir: DataDir = None) -> None:
    """Number the audit trails and run the jobs, as `serve` does beside serving."""
    from gateway.serving import run_worker  # noqa: PLC0415 - as in serve

    run_worker(_settings(data_dir=data_dir))


@app.command()
def migrate(*, data_dir: DataDir = None) -> None:
    """Bring the database to this release's revision."""
    settings = _settings(data_dir=data_dir)
    with starting.owner_database(settings) as owner_url:
        asyncio.run(starting.migrate(settings, owner_url))
    errors.print("The database is up to date.")


@app.command("login-url")
def login_url(*, data_dir: DataDir = None) -> None:
    """Print the URL of the unprivileged login, as DATABASE_LOGIN_URL takes it; it holds a password."""
    settings = _settings(data_dir=data_dir)
    if settings.database_url is None:
        _refuse("DATABASE_URL is not set: the embedded PostgreSQL needs no such URL.")
    typer.echo(starting.login_url(settings, settings.database_url.get_secret_value()))


@app.command()
def seed(  # noqa: PLR0913 - the shape of the data
    *,
    partners: Annotated[int, typer.Option(min=1, max=1000, help="How many partners.")] = 3,
    clients: Annotated[int, typer.Option(min=1, max=100_000, help="How many clients the first partner has.")] = 120,
    organisations: Annotated[int, typer.Option(min=1, max=50, help="How many organisations a client has.")] = 5,
    subscriptions: Annotated[int, typer.Option(min=0, max=50, help="How many subscriptions one of them has.")] = 2,
    exact: Annotated[bool, typer.Option(help="Exactly as many everywhere, rather than a realistic spread.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Fill an empty database with partners, clients and all that belongs to them."""
    settings = _settings(data_dir=data_dir)
    shape = starting.Shape(
        partners=partners, clients=clients, organisations=organisations, subscriptions=subscriptions, exact=exact
    )
    with starting.owner_database(settings) as owner_url, progress_bar("Seeding") as progress:
        asyncio.run(_seed(settings, owner_url, shape, progress))


async def _seed(settings: Settings, owner_url: str, shape: Any, progress: Callable[[int, int], None]) -> None:
    await starting.migrate(settings, owner_url)
    if not await starting.is_empty(owner_url):
        message = "The database holds data already; seeding is for an empty one."
        raise starting.CannotStartError(message)
    await starting.seed(owner_url, shape, now=datetime.now(UTC), progress=progress)


@app.command()
def token(
    *,
    account: Annotated[str, typer.Option("--as", help="A demo account, such as alder-owner.")],
    organisation: Annotated[
        str | None, typer.Option(help="Act in this customer's organisation, by its domain or id; takes --reason.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why one acts there; its super admin can read it.")] = "",
    session: Annotated[str | None, typer.Option(help="Act in a session that was started already, by its id.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Print an access token of a demo account, or one for acting in an organisation; for development only."""
    from gateway.identity.keys import Keys  # noqa: PLC0415 - as in serve
    from gateway.identity.tokens import TokenSigner  # noqa: PLC0415 - as in serve

    settings = _settings(data_dir=data_dir)
    if not settings.development:
        _refuse("Tokens are printed in development only; in production sign in.")
    with starting.owner_database(settings) as owner_url:
        known = {found.id: found for found in asyncio.run(starting.accounts(owner_url))}
        if account not in known:
            _refuse(f"There is no demo account {account}. There are: {', '.join(known) or 'none'}.")
        if organisation or session:
            login_url = starting.login_url(settings, owner_url)
            typer.echo(_acting_token(settings, login_url, known[account], organisation, reason, session))
            return
    signer = TokenSigner(Keys(settings.data_dir).signing_key(), issuer=settings.issuer)
    typer.echo(signer.sign(known[account].membership_id, known[account].epoch))


def _acting_token(  # noqa: PLR0913, PLR0917 - what the command was given
    settings: Settings, login_url: str, account: Any, organisation: str | None, reason: str, session: str | None
) -> str:
    from gateway.acting import CannotActError, session_token, start_session  # noqa: PLC0415 - as in serve
    from tenancy.principal import Identity  # noqa: PLC0415 - as in serve

    member = Identity(account.membership_id, account.epoch)
    try:
        if organisation is not None:
            starting_it = start_session(settings, login_url, member, organisation=organisation, reason=reason)
            session = asyncio.run(starting_it)
        return asyncio.run(session_token(settings, login_url, member, session=session or ""))
    except CannotActError as error:
        _refuse(escape(str(error)))


@importing.command("clients")
def import_clients(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A CSV file with a header line.")],
    *,
    partner: Annotated[str, typer.Option(help="The partner who gets the clients: its id or its name.")],
    data_dir: DataDir = None,
) -> None:
    """Import clients from a CSV file with the column names of a WHMCS client export; again changes nothing."""
    from gateway.imports import CannotImportError, import_file  # noqa: PLC0415 - as in serve

    settings = _settings(data_dir=data_dir)
    try:
        bar = progress_bar("Importing") if errors.is_terminal else nullcontext()
        with starting.owner_database(settings) as owner_url, bar as progress:
            report = asyncio.run(import_file(settings, owner_url, file, partner=partner, progress=progress))
    except CannotImportError as error:
        _refuse(escape(str(error)))
    for note in report.notes:
        typer.echo(f"line {note.line}: {note.text}" if note.line else note.text, err=True)
    for bad in report.bad:
        typer.echo(f"line {bad.line}: {bad.reason}", err=True)
    typer.echo(f"{report.created} created, {report.known} known already, {len(report.bad)} refused")
    if report.bad:
        sys.exit(1)


@audits.command("verify")
def audit_verify(
    *,
    partner: Annotated[str | None, typer.Option(help="Only this partner: its id or its name.")] = None,
    anchor: Annotated[str | None, typer.Option(help="SEQ:HASH of an earlier check, kept outside the database.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Check that the audit trails are as they were written: a line for each partner, exit code 1 where one is not."""
    from gateway.auditing import CannotVerifyError  # noqa: PLC0415 - as in serve

    settings = _settings(data_dir=data_dir)
    try:
        with starting.owner_database(settings) as owner_url:
            whole = asyncio.run(_verify(owner_url, partner=partner, anchor=anchor))
    except CannotVerifyError as error:
        _refuse(escape(str(error)))
    if not whole:
        sys.exit(1)


async def _verify(owner_url: str, *, partner: str | None, anchor: str | None) -> bool:
    from gateway.auditing import verify  # noqa: PLC0415 - as in serve

    whole = True
    async with aclosing(verify(owner_url, partner=partner, anchor=anchor)) as trails:
        async for trail in trails:
            sound = not trail.report.faults
            results.print(Text(str(trail), style="green" if sound else "bold red"))
            whole = whole and sound
    return whole


@schemas.command("print")
def schema_print() -> None:
    """Print the GraphQL schema."""
    from schema.root import build_schema  # noqa: PLC0415 - as in serve

    typer.echo(build_schema().as_str())
