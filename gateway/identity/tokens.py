"""Access tokens: JWTs (RFC 9068) that name one membership at one epoch."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID, uuid4

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from tenancy.principal import Identity

ALGORITHM: Final = "ES256"
AUDIENCE: Final = "reseller-gateway"
LIFETIME: Final = timedelta(hours=12)
"""How long a token of the command line or of the explorer lasts; the membership is read live all the same."""
_REMEMBERED: Final = 10_000
_CLAIMS: Final = jwt.JWTClaimsRegistry(
    leeway=0,
    iss={"essential": True},
    aud={"essential": True, "value": AUDIENCE},
    exp={"essential": True},
    iat={"essential": True},
    sub={"essential": True},
    jti={"essential": True},
    client_id={"essential": True},
)


class InvalidTokenError(Exception):
    """A bearer token is not one of ours, or no longer valid."""


class TokenVerifier(Protocol):
    """Finds out what a bearer token names."""

    def verify(self, token: str) -> Identity:
        """Return what the token names.

        Raises:
            InvalidTokenError: it is not authentic, not for us or expired.
        """
        ...


class JwtVerifier:
    """Verifies signature, type, audience, issuer and times; a verified token is remembered until it expires."""

    def __init__(self, keys: KeySet, *, issuer: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._known: OrderedDict[bytes, tuple[float, Identity]] = OrderedDict()

    def verify(self, token: str) -> Identity:
        """Return what the token names.

        Raises:
            InvalidTokenError: it is not authentic, not for us or expired.
        """
        digest = hashlib.sha256(token.encode(errors="surrogatepass")).digest()
        known = self._known.get(digest)
        if known is not None and known[0] > time.time():
            self._known.move_to_end(digest)
            return known[1]
        expires, identity = self._verified(token)
        self._known[digest] = (expires, identity)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return identity

    def _verified(self, token: str) -> tuple[float, Identity]:
        try:
            decoded = jwt.decode(token, self._keys, algorithms=[ALGORITHM])
            if decoded.header.get("typ") not in {"at+jwt", "application/at+jwt"}:
                raise InvalidTokenError
            claims = decoded.claims
            _CLAIMS.validate(claims)
            if claims["iss"] != self._issuer:
                raise InvalidTokenError
            session = UUID(claims["acting"]) if "acting" in claims else None
            return float(claims["exp"]), Identity(UUID(claims["membership"]), int(claims["epoch"]), session)
        except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidTokenError from error


class TokenSigner:
    """Makes access tokens for memberships that are known to this process: demo accounts and the command line."""

    def __init__(self, key: ECKey, *, issuer: str) -> None:
        self._key = key
        self._issuer = issuer

    def sign(self, membership: UUID, epoch: int) -> str:
        """Return a token that names a membership at an epoch."""
        return self._signed(membership, epoch, {})

    def sign_acting(  # noqa: PLR0913 - what such a token tells
        self, membership: UUID, epoch: int, *, session: UUID, access: UUID, organisation: UUID, until: datetime
    ) -> str:
        """Return a token that names a membership and its session of acting in an organisation (RFC 8693).

        It ends with the session. Of what it tells, the session alone is looked at; all else is read live.
        """
        acting = {
            "acting": str(session),
            "access": str(access),
            "organisation": str(organisation),
            "act": {"sub": str(membership)},
        }
        return self._signed(membership, epoch, acting, until=until)

    def _signed(self, membership: UUID, epoch: int, more: Mapping[str, Any], *, until: datetime | None = None) -> str:
        now = int(time.time())
        ends = now + int(LIFETIME.total_seconds())
        claims = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": str(membership),
            "client_id": "gateway-development",
            "iat": now,
            "exp": ends if until is None else min(ends, int(until.timestamp())),
            "jti": str(uuid4()),
            "membership": str(membership),
            "epoch": epoch,
            **more,
        }
        return jwt.encode({"alg": ALGORITHM, "typ": "at+jwt", "kid": self._key.kid}, claims, self._key)
