"""`gateway worker` and `gateway audit verify` as their user meets them."""

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from storage.engine import connect
from tests.end_to_end.conftest import PATIENCE, ROOT, STOPPED, Served, environment, wait_for

ENTRIES: Final = 3
CREATE: Final = """
mutation { clientCreate(input: {email: "a@mail.example", companyName: "A"}) { userErrors { code } } }
"""
CLIENTS: Final = "First Name,Last Name,Email,Country\n" + "".join(
    f"Client,Number {number},client{number}@mail.example,ES\n" for number in range(1, ENTRIES + 1)
)


class Installation:
    """One installation of the gateway: its commands, run with its settings."""

    def __init__(self, directory: Path, **settings: str) -> None:
        self.directory = directory
        self.settings = {"GATEWAY_DATA_DIR": str(directory / "data"), **settings}
        self._workers: list[subprocess.Popen[bytes]] = []

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "gateway", *words],
            cwd=ROOT,
            env=environment(**self.settings),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def worker(self) -> subprocess.Popen[bytes]:
        """Start a worker, and return once it runs."""
        log = self.directory / "worker.log"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "gateway", "worker"],
                cwd=ROOT,
                env=environment(**self.settings),
                stdout=stream,
                stderr=stream,
            )
        self._workers.append(process)
        wait_for(lambda: process.poll() is not None or "The worker runs" in log.read_text(), what="the worker runs")
        assert process.poll() is None, log.read_text()
        return process

    def import_clients(self) -> None:
        """Make changes of the first partner's: an event and an entry for each client."""
        file = self.directory / "clients.csv"
        file.write_text(CLIENTS, encoding="utf-8")
        done = self.run("import", "clients", str(file), "--partner", "Alder Hosting")
        assert done.stdout == f"{ENTRIES} created, 0 known already, 0 refused\n", done.stderr

    def line(self, *options: str) -> str:
        """Return what checking the first partner's trail says."""
        done = self.run("audit", "verify", "--partner", "Alder Hosting", *options)
        assert done.returncode == ("OK" not in done.stdout), done.stderr
        (line,) = done.stdout.splitlines()
        return line

    def all_chained(self) -> bool:
        """Tell whether everything is chained."""
        return f"Alder Hosting: {ENTRIES} entries, head {ENTRIES}:" in self.line()

    def end(self) -> None:
        """End what still runs."""
        for process in self._workers:
            if process.poll() is None:
                process.kill()
                process.wait()


@pytest.fixture
def installation(empty_database: str, tmp_path: Path) -> Iterator[Installation]:
    """A seeded installation on a database of yours."""
    made = Installation(tmp_path, DATABASE_URL=empty_database, DATABASE_LOGIN_ROLE="gateway_worker_login")
    assert made.run("seed", "--partners", "2", "--clients", "4", "--organisations", "1").returncode == 0
    yield made
    made.end()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
async def test_chains_what_others_write_until_it_is_told_to_stop(
    installation: Installation, how: signal.Signals
) -> None:
    installation.import_clients()
    assert installation.line() == f"Alder Hosting: 0 entries, no head, {ENTRIES} not yet chained: OK"
    worker = installation.worker()
    wait_for(installation.all_chained, what="everything is chained")
    worker.send_signal(how)
    assert worker.wait(PATIENCE) == 128 + how


async def test_verifying_tells_what_was_changed_and_where(installation: Installation, empty_database: str) -> None:
    installation.import_clients()
    worker = installation.worker()
    wait_for(installation.all_chained, what="everything is chained")
    worker.terminate()
    worker.wait(PATIENCE)
    every = installation.run("audit", "verify")
    assert (every.returncode, every.stderr) == (0, "")
    alder, birch = every.stdout.splitlines()
    assert alder == installation.line()
    assert birch == "Birch Cloud: 0 entries, no head, 0 not yet chained: OK"
    anchor = alder.split("head ")[1].split(",")[0]
    assert installation.line("--anchor", anchor).endswith("OK")
    other_anchor = f"1:{anchor.partition(':')[2]}"
    assert "entry 1 does not have the anchor's hash" in installation.line("--anchor", other_anchor)
    owner = await connect(empty_database)
    await owner.execute("SET ROLE gateway_owner")
    await owner.execute("UPDATE gateway.audit_entry SET actor_kind = 'NOBODY' WHERE seq = 2")
    await owner.close()
    assert installation.line().endswith(": entry 2 is not what was chained")
    assert installation.run("audit", "verify").returncode == 1


async def test_what_cannot_be_checked_ends_with_two(installation: Installation) -> None:
    for options, said in (
        (("--partner", "[b]Nobody"), "No partner is '[b]Nobody'."),
        (("--anchor", "1:2"), "An anchor is of one partner: name it with --partner."),
        (("--partner", "Alder Hosting", "--anchor", "1"), "An anchor is a number, a colon and 64 hexadecimal digits."),
    ):
        done = installation.run("audit", "verify", *options)
        assert (done.returncode, done.stdout, done.stderr) == (2, "", f"gateway: {said}\n")


@pytest.mark.parametrize("words", [("worker",), ("audit", "verify")], ids=["worker", "verify"])
async def test_a_database_that_was_never_migrated_is_refused(
    empty_database: str, tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = Installation(tmp_path, DATABASE_URL=empty_database).run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "run `gateway migrate`" in done.stderr


async def test_working_without_the_owner_demands_a_current_database(empty_database: str, tmp_path: Path) -> None:
    done = Installation(tmp_path, DATABASE_LOGIN_URL=empty_database).run("worker")
    assert (done.returncode, done.stdout) == (2, "")
    assert "run `gateway migrate`" in done.stderr


def ask(served: Served, document: str) -> Any:
    request = urllib.request.Request(
        f"{served.url}/graphql",
        json.dumps({"query": document}).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {served.token}"},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        return json.load(response)["data"]


def test_serving_chains_and_verifying_works_with_and_without_a_server(
    serving: Callable[..., Served], furnished: Path
) -> None:
    served = serving().wait()
    installation = Installation(served.data_dir.parent, GATEWAY_DATA_DIR=str(served.data_dir))
    made = ask(served, CREATE)
    assert made["clientCreate"]["userErrors"] == []
    wait_for(lambda: "Alder Hosting: 1 entries, head 1:" in installation.line(), what="the entry is chained")
    while_serving = installation.line()
    assert while_serving.endswith(", 0 not yet chained: OK")
    assert served.stop() == STOPPED
    assert installation.line() == while_serving
