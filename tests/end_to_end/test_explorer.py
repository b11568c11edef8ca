"""The explorer page: the built files need no other origin, and a browser proves it."""

import json
import os
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, Response, expect, sync_playwright

EXPLORER: Final = Path(__file__).parents[2] / "gateway" / "http" / "explorer"
DIST: Final = EXPLORER / "dist"
SOURCE: Final = EXPLORER / "source"
BUDGET: Final = 6_000_000
"""Bytes; the page is committed, so every rebuild stays in the repository's history."""

CHROMIUM: Final = Path("/usr/bin/chromium")
# As root Chromium needs --no-sandbox; the others stop its own traffic, which is not the page's.
CHROMIUM_FLAGS: Final = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]

# A busy machine is no failure.
expect.set_options(timeout=30_000)

CSS_URL: Final = re.compile(r"""url\(\s*["']?([^"')\s]+)|@import\s+["']([^"']+)""")
EXAMPLE_TEXT: Final = re.compile(r'^ +(?:title|about): "(.*)",$', re.MULTILINE)


class References(HTMLParser):
    """Collects every address that an HTML page loads by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "a":
            self.found += [value for name, value in attrs if name in {"src", "href"} and value]


def built(suffix: str) -> list[Path]:
    return sorted(DIST.rglob(f"*{suffix}"))


def is_local(reference: str) -> bool:
    if reference.startswith("data:"):
        return True
    address = urlsplit(reference)
    return not address.scheme and not address.netloc


def test_page_refers_to_built_files_only() -> None:
    page = References()
    page.feed((DIST / "index.html").read_text(encoding="utf-8"))
    assert page.found
    assert [reference for reference in page.found if not (DIST / reference).is_file()] == []


def test_style_sheets_refer_to_no_other_origin() -> None:
    styles = "".join(sheet.read_text(encoding="utf-8") for sheet in built(".css"))
    references = [address or imported for address, imported in CSS_URL.findall(styles)]
    assert references
    assert [reference for reference in references if not is_local(reference)] == []


def test_scripts_load_no_script_of_another_origin() -> None:
    remote = re.compile(r"""(?:\bfrom|\bimport\(?|importScripts\(|new Worker\()\s*["'`](?:https?:)?//""")
    assert [script.name for script in built(".js") if remote.search(script.read_text(encoding="utf-8"))] == []


def test_ships_no_source_maps() -> None:
    assert built(".map") == []
    pointer = re.compile(r"^\s*/[/*]# sourceMappingURL=", re.MULTILINE)
    text = [*built(".js"), *built(".css")]
    assert [file.name for file in text if pointer.search(file.read_text(encoding="utf-8"))] == []


def test_stays_within_its_size() -> None:
    assert sum(file.stat().st_size for file in DIST.rglob("*") if file.is_file()) < BUDGET


def test_carries_the_licences_of_what_it_bundles() -> None:
    licences = (DIST / "licenses.md").read_text(encoding="utf-8")
    assert [name for name in ("graphiql", "monaco-editor", "react") if f"## {name} " not in licences] == []


def test_examples_were_built() -> None:
    """An edited example that nobody built would be seen only by the next person to build it."""
    texts = EXAMPLE_TEXT.findall((SOURCE / "src" / "examples.js").read_text(encoding="utf-8"))
    bundle = "".join(script.read_text(encoding="utf-8") for script in built(".js"))
    assert texts
    assert [text for text in texts if text not in bundle] == []


def test_lock_names_no_registry() -> None:
    """With addresses in it, the lock would tie a rebuild to the registry of whoever wrote it."""
    lock = json.loads((SOURCE / "package-lock.json").read_text(encoding="utf-8"))
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []


@pytest.fixture
def context() -> Iterator[BrowserContext]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield browser.new_context(viewport={"width": 1280, "height": 1600})
        browser.close()


def origin(url: str) -> str | None:
    """Host and port; none for what never reaches the network."""
    address = urlsplit(url)
    return None if address.scheme in {"blob", "data"} else address.netloc


def is_dashboard(answer: Response) -> bool:
    return urlsplit(answer.url).path == "/graphql" and "query Dashboard" in (answer.request.post_data or "")


def run_example(page: Page, title: str) -> Response:
    page.get_by_role("button", name="Examples").click()
    page.get_by_role("menuitem", name=title).click()
    with page.expect_response(is_dashboard) as answer:
        page.get_by_role("button", name="Execute query").click()
    return answer.value


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"needs {CHROMIUM} (Debian package chromium)")
def test_dashboard_runs_as_a_demo_account_without_leaving_the_origin(
    explorer_url: str, context: BrowserContext
) -> None:
    addresses: list[str] = []
    failures: list[str] = []
    context.on("request", lambda request: addresses.append(request.url))
    page = context.new_page()
    page.on("pageerror", lambda error: failures.append(str(error)))

    page.goto(explorer_url)
    expect(page.locator(".graphiql-query-editor .view-line").first).to_be_visible(timeout=20_000)
    expect(page.get_by_role("button", pressed=True)).to_have_count(1)
    answer = run_example(page, "Dashboard")

    assert "errors" not in answer.json()
    expect(page.get_by_role("region", name="Result Window")).to_contain_text("displayName")
    assert failures == []

    assert {origin(address) for address in addresses} - {None} == {origin(explorer_url)}

    token = answer.request.headers["authorization"].removeprefix("Bearer ")
    kept = page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")
    assert token
    assert token not in kept


def choose(page: Page, account: str) -> None:
    page.get_by_role("button", name=re.compile(account)).first.click()


def run_step(page: Page, title: str, operation: str) -> Any:
    """Open an example, run it, and return what its mutation or query answered."""
    page.get_by_role("button", name="Examples").click()
    page.get_by_role("menuitem", name=title).click()
    expect(page.get_by_role("menu")).to_have_count(0)
    # The tab is named for the operation once the page has read it.
    expect(page.get_by_role("tab", name=operation.rsplit(maxsplit=1)[-1], selected=True)).to_be_visible()

    def asked(answer: Response) -> bool:
        return urlsplit(answer.url).path == "/graphql" and operation in (answer.request.post_data or "")

    with page.expect_response(asked) as answer:
        page.get_by_role("button", name="Execute query").click()
    return answer.value.json()


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"needs {CHROMIUM} (Debian package chromium)")
def test_a_partner_is_told_why_it_resets_no_password_and_how_to_ask(explorer_url: str, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(explorer_url)
    expect(page.locator(".graphiql-query-editor .view-line").first).to_be_visible(timeout=20_000)

    choose(page, "Ben Alder")
    managed = run_step(page, "A password, 1", "mutation Manage")
    assert managed["data"]["organisationManage"]["userErrors"] == []
    expect(page.locator(".banner")).to_contain_text("You are managing your customer")

    def reset() -> Any:
        return run_step(page, "A password, 2", "mutation ResetPassword")["data"]["orgUserResetPassword"]

    (denied,) = reset()["userErrors"]
    assert denied["rule"] == "PARTNER_DENIED_RESET_PASSWORD"
    assert "administrator" in denied["whoCan"]
    assert "escalationRequest" in denied["howToRequest"]
    expect(page.get_by_role("region", name="Result Window")).to_contain_text("PARTNER_DENIED_RESET_PASSWORD")
    if place := os.environ.get("EXPLORER_SCREENSHOT"):
        page.set_viewport_size({"width": 1280, "height": 700})
        page.screenshot(path=place)

    asked = run_step(page, "A password, 3", "mutation Ask")
    assert asked["data"]["escalationRequest"]["userErrors"] == []
    choose(page, "Super admin")
    approved = run_step(page, "A password, 4", "mutation Approve")
    assert approved["data"]["escalationApprove"]["escalation"]["state"] == "APPROVED"
    choose(page, "Ben Alder")
    assert reset()["userErrors"] == []
    assert [error["rule"] for error in reset()["userErrors"]] == ["PARTNER_DENIED_RESET_PASSWORD"]

    choose(page, "Super admin")
    told = run_step(page, "A password, 5", "query WhatWasDone")["data"]
    assert told["actingSessions"]["nodes"][0]["reason"] == "A user cannot sign in"
    assert {"DONE", "DENIED"} == {entry["outcome"] for entry in told["audit"]["nodes"]}
