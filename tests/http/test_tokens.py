"""Who may ask: access tokens that are taken, and those that are not."""

import base64
import hmac
import time
from collections.abc import Callable
from typing import Any, Final

import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from gateway.identity.keys import Keys
from gateway.identity.tokens import ALGORITHM, AUDIENCE
from gateway.settings import Settings
from storage.seeding import Account
from tests.factories.clients import Answer, GatewayClient

VIEWER: Final = "{ viewer { role } }"
INTROSPECTION: Final = "{ __schema { queryType { name } } __typename }"

Forge = Callable[..., str]


@pytest.fixture
def forge(settings: Settings, known: dict[str, Account]) -> Forge:
    """Make a token of the first partner's owner, with a header, claims or a key of one's own; None leaves out."""
    key = Keys(settings.data_dir).signing_key()
    account = known["alder-owner"]

    def forged(
        *, header: dict[str, Any] | None = None, key: Any = key, algorithm: str = ALGORITHM, **claims: Any
    ) -> str:
        now = int(time.time())
        made = {
            "iss": settings.issuer,
            "aud": AUDIENCE,
            "sub": str(account.membership_id),
            "client_id": "tests",
            "iat": now,
            "exp": now + 600,
            "jti": "1",
            "membership": str(account.membership_id),
            "epoch": account.epoch,
            **claims,
        }
        head = {"alg": algorithm, "typ": "at+jwt", **(header or {})}
        present = {name: value for name, value in made.items() if value is not None}
        return jwt.encode(
            {name: value for name, value in head.items() if value is not None}, present, key, algorithms=[algorithm]
        )

    return forged


def assert_refused(answer: Answer) -> None:
    assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert answer.partial is None


async def test_takes_a_token_of_its_own(gateway: GatewayClient, forge: Forge) -> None:
    for token in (forge(), forge(header={"typ": "application/at+jwt"}), forge(aud=["other", AUDIENCE])):
        for _ in range(2):
            assert (await gateway.bearing(token).run(VIEWER)).data == {"viewer": {"role": "OWNER"}}


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "somebody-else"},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": 1},
        {"exp": None},
        {"exp": "tomorrow"},
        {"iat": None},
        {"sub": None},
        {"jti": None},
        {"client_id": None},
        {"nbf": 2**33},
        {"membership": None},
        {"membership": "alder-owner"},
        {"membership": 7},
        {"epoch": None},
        {"epoch": "first"},
        {"epoch": []},
    ],
    ids=str,
)
async def test_refuses_a_token_with_wrong_claims(
    claims: dict[str, Any], gateway: GatewayClient, forge: Forge, statements: list[str]
) -> None:
    assert_refused(await gateway.bearing(forge(**claims)).run(VIEWER))
    assert statements == []


@pytest.mark.parametrize("header", [{"typ": "JWT"}, {"typ": None}, {"typ": "id+jwt"}, {"kid": "another"}], ids=str)
async def test_refuses_a_token_of_another_type(header: dict[str, Any], gateway: GatewayClient, forge: Forge) -> None:
    assert_refused(await gateway.bearing(forge(header=header)).run(VIEWER))


def by_public_key(token: str, public: bytes) -> str:
    """Sign a token with what everybody may know of the key, as if it were a shared secret."""
    _head, body, _signature = token.split(".")
    head = _encoded(orjson.dumps({"alg": "HS256", "typ": "at+jwt"}))
    return f"{head}.{body}.{_encoded(hmac.digest(public, f'{head}.{body}'.encode(), 'sha256'))}"


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


async def test_refuses_a_signature_that_is_not_ours(gateway: GatewayClient, forge: Forge, settings: Settings) -> None:
    other = ECKey.generate_key("P-256")
    head, body, signature = forge().split(".")
    changed = _encoded(b"\0" * 64)
    unsigned = _encoded(orjson.dumps({"alg": "none", "typ": "at+jwt"}))
    for token in (
        forge(key=other),
        by_public_key(forge(), Keys(settings.data_dir).signing_key().as_pem(private=False)),
        f"{head}.{body}.{changed}",
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{unsigned}.{body}.",
        f"{unsigned}.{body}.{signature}",
        f"{head}.{body[:-2]}AA.{signature}",
    ):
        assert_refused(await gateway.bearing(token).run(VIEWER))


async def test_refuses_a_body_that_was_exchanged(
    gateway: GatewayClient, forge: Forge, known: dict[str, Account]
) -> None:
    head, _body, signature = forge().split(".")
    other = known["birch-owner"]
    _head, foreign, _signature = forge(membership=str(other.membership_id), epoch=other.epoch).split(".")
    assert_refused(await gateway.bearing(f"{head}.{foreign}.{signature}").run(VIEWER))


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "x", "", "Bearer ä"])
async def test_refuses_a_header_that_holds_no_token(header: str, gateway: GatewayClient) -> None:
    headers = [(b"Authorization", header.encode("latin-1")), (b"Content-Type", b"application/json")]
    response = await gateway.http.post("/graphql", content=orjson.dumps({"query": VIEWER}), headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_takes_the_scheme_in_any_case(gateway: GatewayClient, forge: Forge) -> None:
    headers = {"Authorization": f"bEARER {forge()}", "Content-Type": "application/json"}
    response = await gateway.http.post("/graphql", content=orjson.dumps({"query": VIEWER}), headers=headers)
    assert response.json() == {"data": {"viewer": {"role": "OWNER"}}}


async def test_forgets_a_token_when_it_expires(
    gateway: GatewayClient, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = forge()
    assert (await gateway.bearing(token).run(VIEWER)).status == 200
    later = time.time() + 601
    monkeypatch.setattr(time, "time", lambda: later)
    assert_refused(await gateway.bearing(token).run(VIEWER))


async def test_answers_introspection_to_anybody_and_data_to_nobody(
    gateway: GatewayClient, statements: list[str]
) -> None:
    assert (await gateway.run(INTROSPECTION)).data == {
        "__schema": {"queryType": {"name": "Query"}},
        "__typename": "Query",
    }
    for document in (VIEWER, "{ __typename viewer { role } }", "{ plans { nodes { code } } }"):
        answer = await gateway.run(document)
        assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.partial is None
    assert statements == []


async def test_refuses_a_bad_token_even_where_none_is_needed(gateway: GatewayClient) -> None:
    assert_refused(await gateway.bearing("nonsense").run(INTROSPECTION))
