"""What is served beside GraphQL: the probes and the explorer."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from gateway.identity.acting import acting_token
from gateway.identity.tokens import InvalidTokenError, TokenSigner, TokenVerifier
from resolvers.errors import ExpectedError, NotFoundError, UnauthenticatedError
from storage.seeding import Account
from tenancy.scope import Boundary, Scope

_DIST: Final = Path(__file__).with_name("explorer") / "dist"
_LONGEST_BODY: Final = 1_000
_STATUS: Final = {UnauthenticatedError: 401, NotFoundError: 404}
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


class _SessionAsked(msgspec.Struct):
    """Which session of acting a token is asked for, by its id."""

    session: str


def explorer(
    accounts: Sequence[Account], signer: TokenSigner, verifier: TokenVerifier, boundary: Boundary
) -> list[BaseRoute]:
    """Make the explorer's page, with a token of each demo account and of sessions of acting: for development only."""

    async def accounts_json(_request: Request) -> Response:
        if not accounts:
            return JSONResponse({"accounts": []}, status_code=404)
        listed = [
            {
                "id": account.id,
                "name": account.name,
                "organisation": account.organisation,
                "role": account.role,
                "email": account.email,
                "token": signer.sign(account.membership_id, account.epoch),
            }
            for account in accounts
        ]
        return JSONResponse({"accounts": listed}, headers={"Cache-Control": "no-store"})

    async def token(request: Request) -> Response:
        try:
            identity = verifier.verify(_bearer(request))
            asked = msgspec.json.decode(await _body(request), type=_SessionAsked)
            made = await acting_token(signer, Scope(boundary, identity), asked.session)
        except InvalidTokenError:
            return _refused(401, "The access token is not valid; sign in again.")
        except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError):
            return _refused(400, "Send the session as JSON: its id, under session.")
        except ExpectedError as error:
            return _refused(_STATUS.get(type(error), 503), error.message)
        return JSONResponse({"token": made}, headers={"Cache-Control": "no-store"})

    async def home(_request: Request) -> Response:
        return RedirectResponse("/explorer/")

    return [
        Route("/", home),
        Route("/explorer/accounts.json", accounts_json),
        Route("/explorer/token", token, methods=["POST"]),
        Mount("/explorer", ExplorerFiles(directory=_DIST, html=True)),
    ]


def _bearer(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


async def _body(request: Request) -> bytes:
    """Read a body; what is longer than any that is meant is cut, and is no JSON any more."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_BODY:
            return body[:_LONGEST_BODY]
    return body


def _refused(status: int, message: str) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}  # noqa: PLR2004 - the status of HTTP
    return JSONResponse({"error": message}, status_code=status, headers={**headers, "Cache-Control": "no-store"})
