"""What is served beside GraphQL: the probes and the explorer."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from gateway.identity.tokens import TokenSigner
from storage.seeding import Account

_DIST: Final = Path(__file__).with_name("explorer") / "dist"
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; "
        "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class ExplorerFiles(StaticFiles):
    """The explorer's built files; nothing in them comes from elsewhere."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Give a file: named assets for ever, the page only for now."""
        response = super().file_response(*args, **kwargs)
        named = "assets" in Path(args[0]).parts
        response.headers.update(_HEADERS)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if named else "no-cache"
        return response


def probes(ready: Callable[[], Awaitable[str | None]]) -> list[BaseRoute]:
    """Make the probes; `ready` returns why not, None where it is."""

    async def livez(_request: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def readyz(_request: Request) -> Response:
        problem = await ready()
        return PlainTextResponse(f"{problem or 'ready'}\n", status_code=503 if problem else 200)

    return [Route("/livez", livez), Route("/readyz", readyz)]


def explorer(accounts: Sequence[Account], signer: TokenSigner) -> list[BaseRoute]:
    """Make the explorer's page, with a token of each demo account: for development only."""

    async def accounts_json(_request: Request) -> Response:
        if not accounts:
            return JSONResponse({"accounts": []}, status_code=404)
        listed = [
            {
                "id": account.id,
                "name": account.name,
                "organisation": account.organisation,
                "role": account.role,
                "token": signer.sign(account.membership_id, account.epoch),
            }
            for account in accounts
        ]
        return JSONResponse({"accounts": listed}, headers={"Cache-Control": "no-store"})

    async def home(_request: Request) -> Response:
        return RedirectResponse("/explorer/")

    return [
        Route("/", home),
        Route("/explorer/accounts.json", accounts_json),
        Mount("/explorer", ExplorerFiles(directory=_DIST, html=True)),
    ]
