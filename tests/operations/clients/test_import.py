"""Importing clients: what is created, what is refused and why, and that again changes nothing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from gateway.imports import CannotImportError, Report
from gateway.imports import clients as importing
from gateway.starting import CannotStartError
from resolvers import clients
from schema import node_ids
from storage.base import new_id
from storage.engine import Database, connect
from tests.conftest import LOGIN, as_login
from tests.factories.imports import Imports, export, person, written

GOOD: Final = 4_950
WRONG: Final = 50
COMPLETE: Final = dict.fromkeys(("clients", "different", "events", "entries", "found"), GOOD)


async def test_imports_the_good_rows_and_names_the_others(imports: Imports) -> None:
    wrong = export(imports.file)
    before = await imports.checksums("Birch Cloud")
    told: list[tuple[int, int]] = []

    report = await imports.run(progress=lambda done, total: told.append((done, total)))

    assert (report.created, report.known, len(report.bad)) == (GOOD, 0, WRONG)
    assert [bad.line for bad in report.bad] == sorted(wrong)
    assert [bad for bad in report.bad if not bad.reason.startswith(wrong[bad.line])] == []
    assert len(set(wrong.values())) == 13
    assert not any("4111" in bad.reason for bad in report.bad)
    assert await imports.imported() == COMPLETE
    assert told == [(done, 5_000) for done in range(500, 5_001, 500)]
    assert await imports.checksums("Birch Cloud") == before

    after = await imports.checksums("Alder Hosting")
    again = await imports.run()

    assert (again.created, again.known, again.bad) == (0, GOOD, report.bad)
    assert await imports.checksums("Alder Hosting") == after
    assert await imports.checksums("Birch Cloud") == before


async def test_takes_over_every_column(imports: Imports) -> None:
    row = person(2, **{"Overdue Notices": "1", "Separate Invoices": "yes", "Tax ID": "GB 123 4567 82"})
    await imports.import_text(written([row, person(3), person(5, Notes='Says "hello".\r\nTwice.')]))

    made = await imports.client("2")

    assert (made["display_name"], made["first_name"], made["last_name"]) == ("Imported 2 Ltd", "Zoë", "O'Brien 2")
    assert (made["email"], made["phone"]) == ("zoe.2@imported.example", "+442079460000")
    assert (made["address_line1"], made["city"], made["region"]) == ("2 High Street, Flat 2", "Bristol", None)
    assert (made["postcode"], made["country"], made["vat_number"]) == ("BS1 4DJ", "GB", "GB 123 4567 82")
    assert (made["status"], made["language"], made["currency"]) == ("CLOSED", "es", "GBP")
    assert (made["default_payment_method"], made["import_source"], made["version"]) == ("BANK_TRANSFER", "whmcs", 1)
    on = {name for name, value in made.items() if value is True}
    assert on == {"overdue_notices_off", "separate_invoices", "single_sign_on_allowed"}
    assert (await imports.client("3"))["display_name"] == "Zoë O'Brien 3"
    assert (await imports.client("5"))["admin_notes"] == 'Says "hello".\r\nTwice.'
    assert (await imports.client("5"))["late_fee_exempt"]


async def test_writes_what_the_api_writes_about_a_client(imports: Imports) -> None:
    await imports.import_text(written([person(2)]))
    made = await imports.client("2")

    (event,) = await imports.fetch("SELECT * FROM gateway.event WHERE target_id = $1", made["id"])
    (entry,) = await imports.fetch("SELECT * FROM gateway.audit_entry WHERE target_id = $1", made["id"])

    assert (event["type"], event["client_id"], event["partner_id"]) == (
        "client.created",
        made["id"],
        made["partner_id"],
    )
    assert (entry["operation"], entry["actor_kind"], entry["privilege"]) == ("importClients", "SYSTEM", "SYSTEM")
    assert (entry["reason"], entry["target_version"], entry["before"]) == ("Imported from WHMCS.", 1, None)
    assert event["payload"] == entry["after"]
    assert entry["after"]["email"] == "zoe.2@imported.example"
    found = await imports.fetch("SELECT word FROM gateway.client_word WHERE client_id = $1", made["id"])
    assert {"zoe", "brien", "imported", "zoe.2@imported.example"} <= {row["word"] for row in found}


async def test_reads_anew_what_is_known_when_another_import_was_first(
    imports: Imports, monkeypatch: pytest.MonkeyPatch
) -> None:
    await imports.import_text(written([person(1), person(2)]))
    look = clients.imported
    blind = iter([True])

    async def imported(db: Any, source: str, references: Sequence[str]) -> frozenset[str]:
        return frozenset() if next(blind, False) else await look(db, source, references)

    monkeypatch.setattr(clients, "imported", imported)
    report = await imports.import_text(written([person(1), person(2), person(3)]))

    assert (report.created, report.known) == (1, 2)
    assert next(blind, None) is None
    assert set((await imports.imported()).values()) == {3}


async def test_stops_when_the_table_stays_locked(imports: Imports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "ATTEMPTS", 2)
    holder = await connect(imports.owner_url)
    async with holder.transaction():
        await holder.execute("LOCK TABLE gateway.client IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(CannotImportError, match="run the same command again"):
            await imports.import_text(written([person(1)]))
    await holder.close()

    assert set((await imports.imported()).values()) == {0}


async def test_writes_as_the_unprivileged_login(imports: Imports, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    class Watched(Database):
        async def open(self) -> None:
            opened.append(self.url)
            await super().open()

    monkeypatch.setattr(importing, "Database", Watched)
    await imports.import_text(written([person(1)]))

    assert opened == [imports.login_url]
    connection = await connect(imports.login_url)
    role = await connection.fetchrow("SELECT * FROM pg_roles WHERE rolname = session_user")
    may = await connection.fetchval("SELECT has_table_privilege('gateway.client', 'INSERT')")
    await connection.close()
    assert role is not None
    assert role["rolname"] == LOGIN
    assert not any(role[right] for right in ("rolsuper", "rolbypassrls", "rolinherit", "rolcreaterole"))
    assert not may


async def test_leaves_an_edited_client_as_it_is(imports: Imports) -> None:
    await imports.import_text(written([person(1)]))
    await imports.fetch("UPDATE gateway.client SET city = 'Bath' WHERE import_ref = '1'")

    report = await imports.import_text(written([person(1, City="London")]))

    assert (report.created, report.known) == (0, 1)
    assert (await imports.client("1"))["city"] == "Bath"


async def test_takes_the_same_file_for_another_partner(imports: Imports) -> None:
    text = written([person(1, Currency="USD"), person(2)])
    await imports.import_text(text)
    before = await imports.checksums("Alder Hosting")

    report = await imports.import_text(text, partner="birch cloud")

    assert report.created == 2
    assert await imports.checksums("Alder Hosting") == before
    made = await imports.fetch(
        "SELECT partner_id, import_ref, currency FROM gateway.client WHERE email LIKE '%@imported.example'"
    )
    alder, birch = await imports.partner_id(), await imports.partner_id("Birch Cloud")
    assert {tuple(row) for row in made} == {
        (alder, "1", "USD"), (alder, "2", "GBP"), (birch, "1", "USD"), (birch, "2", "EUR"),
    }  # fmt: skip


async def test_finds_the_partner_by_id_and_by_name(imports: Imports) -> None:
    alder = await imports.partner_id()
    text = written([person(1)])
    for name in (str(alder), node_ids.encode("PartnerOrg", alder), "Alder Hosting", " ALDER hosting "):
        report = await imports.import_text(text, partner=name)
        assert report.created + report.known == 1


@pytest.mark.parametrize(
    "name",
    ["Alder", "", str(new_id()), node_ids.encode("PartnerOrg", new_id())],
    ids=["part of a name", "nothing", "a UUID", "a node id"],
)
async def test_names_no_other_partner_when_there_is_none(imports: Imports, name: str) -> None:
    with pytest.raises(CannotImportError) as refused:
        await imports.import_text(written([person(1)]), partner=name)

    assert str(refused.value) == f"No partner is '{name}'."
    assert set((await imports.imported()).values()) == {0}


async def test_does_not_guess_between_partners_of_one_name(imports: Imports) -> None:
    await imports.fetch("UPDATE gateway.partner_org SET name = 'ALDER hosting' WHERE name = 'Birch Cloud'")

    with pytest.raises(CannotImportError, match="Several partners"):
        await imports.import_text(written([person(1)]))


async def test_refuses_a_database_that_was_not_migrated(empty_database: str, tmp_path: Path) -> None:
    with pytest.raises(CannotStartError, match="gateway migrate"):
        await Imports(empty_database, as_login(empty_database), tmp_path).import_text(written([person(1)]))


async def test_tells_clients_apart_by_id_and_those_without_by_address(imports: Imports) -> None:
    rows = [["7", "a@b.example"], ["8", "a@b.example"], ["", "A@B.example"], ["7", "c@b.example"], ["", "a@b.example"]]
    text = written([[*row, "A"] for row in rows] + [["x y", "d@b.example", "A"]], header=["id", "email", "company"])

    report = await imports.import_text(text)
    again = await imports.import_text(text)

    assert _outcome(report) == (3, 0, [(5, 2), (6, 4), (7, None)])
    assert _outcome(again) == (0, 3, [(5, 2), (6, 4), (7, None)])
    assert (await imports.client("email:a@b.example"))["email"] == "a@b.example"


def _outcome(report: Report) -> tuple[int, int, list[tuple[int, int | None]]]:
    """Return the counts, and for each refused row its line and that of the row it repeats."""
    repeats = [(bad.line, bad.reason.rpartition(" line ")[2].rstrip(".")) for bad in report.bad]
    return (
        report.created,
        report.known,
        [(line, int(first) if first.isdigit() else None) for line, first in repeats],
    )
