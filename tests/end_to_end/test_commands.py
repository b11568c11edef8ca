"""The commands beside `serve`, on a database of one's own."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.engine import connect
from storage.migrate import head_revision
from tests.end_to_end.conftest import PATIENCE, ROOT, environment, free_port

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def gateway_command(empty_database: str, tmp_path: Path) -> Command:
    """Run a command against the test's own database, with a login role of its own."""

    def run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
        settings = {
            "DATABASE_URL": empty_database,
            "DATABASE_LOGIN_ROLE": "gateway_commands_login",
            "GATEWAY_DATA_DIR": str(tmp_path / "data"),
        }
        return subprocess.run(
            [sys.executable, "-m", "gateway", *words],
            cwd=ROOT,
            env=environment(**{**settings, **env}),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    return run


def refused(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2
    assert done.stdout == ""
    return done.stderr.strip()


async def test_seeds_an_empty_database_once(gateway_command: Command, empty_database: str) -> None:
    done = gateway_command("seed", "--partners", "2", "--clients", "8", "--organisations", "2", "--exact")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    connection = await connect(empty_database)
    counts = await connection.fetch(
        "SELECT name, (SELECT count(*) FROM gateway.client c WHERE c.partner_id = p.id) AS clients,"
        " (SELECT count(*) FROM gateway.child_org o WHERE o.partner_id = p.id) AS organisations"
        " FROM gateway.partner_org p ORDER BY clients DESC"
    )
    await connection.close()
    assert [tuple(row) for row in counts] == [("Alder Hosting", 8, 16), ("Birch Cloud", 3, 6)]
    assert "holds data already" in refused(gateway_command("seed"))


async def test_migrates_prints_the_login_and_tokens(gateway_command: Command) -> None:
    assert gateway_command("migrate").returncode == 0
    assert gateway_command("migrate").returncode == 0
    url = gateway_command("login-url").stdout.strip()
    connection = await connect(url)
    assert await connection.fetchval("SELECT version_num FROM gateway.alembic_version") == head_revision()
    assert await connection.fetchval("SELECT current_user") == "gateway_commands_login"
    await connection.close()
    assert "There is no demo account alder-owner. There are: none." in refused(
        gateway_command("token", "--as", "alder-owner")
    )
    gateway_command("seed", "--partners", "1", "--clients", "1")
    assert gateway_command("token", "--as", "alder-owner").stdout.count(".") == 2
    in_production = gateway_command("token", "--as", "alder-owner", GATEWAY_ENVIRONMENT="production")
    assert "in development only" in refused(in_production)


def test_refuses_a_login_that_row_level_security_does_not_hold(gateway_command: Command) -> None:
    line = refused(gateway_command("migrate", DATABASE_LOGIN_ROLE="postgres"))
    assert line == "gateway: The role postgres passes over row-level security; name another with DATABASE_LOGIN_ROLE."


def test_serving_without_the_owner_demands_a_current_database(gateway_command: Command, empty_database: str) -> None:
    done = gateway_command("serve", "--port", str(free_port()), DATABASE_URL="", DATABASE_LOGIN_URL=empty_database)
    assert "run `gateway migrate`" in refused(done)


def test_prints_the_schema(gateway_command: Command) -> None:
    done = gateway_command("schema", "print")
    assert done.stdout == (ROOT / "schema.graphql").read_text()
