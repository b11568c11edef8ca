"""`gateway serve` as its user meets it."""

import asyncio
import json
import random
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from storage.embedded import running_url
from storage.engine import connect
from tests.end_to_end.conftest import PATIENCE, ROOT, STOPPED, Served, environment, free_port, wait_for

Serving = Callable[..., Served]


def ask(served: Served, document: str, token: str | None = None) -> Any:
    request = urllib.request.Request(
        f"{served.url}/graphql",
        json.dumps({"query": document}).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {token or served.token}"},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        return json.load(response)


def token(served: Served) -> str:
    command = [sys.executable, "-m", "gateway", "token", "--as", "alder-owner", "--data-dir", str(served.data_dir)]
    made = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=True)
    return made.stdout.strip()


def server_process(data_dir: Path) -> int | None:
    """Return the id of the PostgreSQL process that works on a directory's data; None where there is none."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                if (entry / "cwd").samefile(data_dir / "data") and "postgres" in (entry / "comm").read_text():
                    return int(entry.name)
            except OSError:
                continue
    return None


def gone(data_dir: Path) -> None:
    wait_for(lambda: server_process(data_dir) is None, what="PostgreSQL is gone")


def test_answers_with_the_demo_and_again_on_the_same_data(serving: Serving) -> None:
    first = serving().wait()
    if shutil.which("curl"):
        answer = subprocess.run(["bash", "-c", str(first.example)], capture_output=True, check=True)
        assert json.loads(answer.stdout)["data"]["clients"]["totalCount"] == 120
    names = "{ clients(first: 100) { nodes { id displayName } } }"
    before = ask(first, names, token(first))
    assert first.stop() == STOPPED
    gone(first.data_dir)
    second = serving().wait()
    assert ask(second, names) == before


def test_serves_no_demo_where_none_is_wanted(serving: Serving) -> None:
    served = serving("--no-demo")
    wait_for(served.answers, what="the gateway answers")
    with urllib.request.urlopen(f"{served.url}/readyz", timeout=PATIENCE) as response:
        assert response.read() == b"ready\n"
    made = subprocess.run(
        [sys.executable, "-m", "gateway", "token", "--as", "alder-owner", "--data-dir", str(served.data_dir)],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 2
    assert "There is no demo account alder-owner" in made.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a server with its parent")
def test_killed_when_it_answers_leaves_no_server_and_starts_again(serving: Serving, furnished: Path) -> None:
    served = serving().wait()
    assert server_process(served.data_dir) is not None
    assert served.stop(signal.SIGKILL) == -signal.SIGKILL
    gone(served.data_dir)
    again = serving().wait()
    assert ask(again, "{ viewer { partner { name } } }")["data"]["viewer"]["partner"]["name"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a server with its parent")
@pytest.mark.parametrize("moment", ["lock", "data.init", "data", "data/postmaster.pid", "random", "random-too"])
def test_killed_while_it_starts_leaves_no_server_and_starts_again(serving: Serving, moment: str) -> None:
    served = serving()
    if moment.startswith("random"):
        seconds = random.Random(moment).uniform(0.3, 3.0)  # noqa: S311 - any moment will do
        with suppress(subprocess.TimeoutExpired):
            served.process.wait(seconds)
    else:
        wait_for((served.data_dir / moment).exists, what=f"{moment} is there")
    served.stop(signal.SIGKILL)
    gone(served.data_dir)
    again = serving().wait()
    assert ask(again, "{ clients { totalCount } }")["data"] == {"clients": {"totalCount": 120}}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_stops_all_that_it_started(serving: Serving, furnished: Path, how: signal.Signals) -> None:
    served = serving().wait()
    assert served.stop(how) == 128 + how
    assert server_process(served.data_dir) is None
    assert running_url(served.data_dir, "gateway") is None


def refused(*options: str, **env: str) -> str:
    """Serve in vain, and return the one line that says why."""
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "serve", *options],
        cwd=ROOT,
        env=environment(**env),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


def test_refuses_a_busy_port(reachable: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = refused("--port", str(port), "--data-dir", str(reachable / "data"))
    assert (
        line == f"gateway: Port {port} of 127.0.0.1 cannot be used: Address already in use. Choose another with --port."
    )
    assert not (reachable / "data" / "data").exists()


def test_refuses_an_unreachable_database(reachable: Path) -> None:
    url = "postgresql://somebody:a-secret@127.0.0.1:9/gateway"
    line = refused("--data-dir", str(reachable / "data"), DATABASE_URL=url, GATEWAY_PORT=str(free_port()))
    assert line.startswith("gateway: The database cannot be reached:")
    assert "a-secret" not in line


def test_refuses_data_of_another_major_version(reachable: Path) -> None:
    data = reachable / "data" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("17\n")
    (reachable / "data").chmod(0o711)
    line = refused("--data-dir", str(reachable / "data"), GATEWAY_PORT=str(free_port()))
    assert "holds data of PostgreSQL 17, this release runs 18" in line


def test_refuses_a_second_gateway_on_the_same_data(serving: Serving, furnished: Path) -> None:
    served = serving().wait()
    line = refused("--data-dir", str(served.data_dir), GATEWAY_PORT=str(free_port()))
    assert "is in use by another gateway" in line


def test_refuses_a_setting_that_makes_no_sense(reachable: Path) -> None:
    assert "Setting port" in refused("--data-dir", str(reachable), GATEWAY_PORT="99999")


async def test_serves_a_database_of_yours(serving: Serving, empty_database: str) -> None:
    """The owner's URL migrates, the process serves as the unprivileged login."""
    served = serving(DATABASE_URL=empty_database, DATABASE_LOGIN_ROLE="gateway_yours_login")
    await asyncio.to_thread(served.wait)
    connection = await connect(empty_database)
    try:
        users = await connection.fetch(
            "SELECT DISTINCT usename FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert {row["usename"] for row in users} == {"gateway_yours_login"}
    finally:
        await connection.close()
    await asyncio.to_thread(served.stop)
