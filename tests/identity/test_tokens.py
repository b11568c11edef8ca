"""How long a token lasts, and what one for acting tells."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from joserfc import jwt

from gateway.identity.keys import Keys
from gateway.identity.tokens import ALGORITHM, LIFETIME, InvalidTokenError, JwtVerifier, TokenSigner
from storage.base import FOREVER, new_id
from tenancy.principal import Identity

ISSUER = "https://gateway.example"
NOW = 1_800_000_000


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keys:
    """Keys of one's own, at a moment that stands still."""
    monkeypatch.setattr(time, "time", lambda: float(NOW))
    return Keys(tmp_path)


def acting(keys: Keys, *, until: datetime) -> tuple[str, UUID, UUID]:
    place, session = new_id(), new_id()
    signer = TokenSigner(keys.signing_key(), issuer=ISSUER)
    bearer = signer.sign_acting(place, 3, session=session, access=new_id(), organisation=new_id(), until=until)
    return bearer, place, session


def claims_of(keys: Keys, bearer: str) -> dict[str, Any]:
    return dict(jwt.decode(bearer, keys.verifying_keys(), algorithms=[ALGORITHM]).claims)


def test_lasts_its_time_where_it_is_for_no_session(keys: Keys) -> None:
    claims = claims_of(keys, TokenSigner(keys.signing_key(), issuer=ISSUER).sign(new_id(), 1))
    assert claims["exp"] - claims["iat"] == LIFETIME.total_seconds()
    assert not {"acting", "access", "organisation", "act"} & set(claims)


@pytest.mark.parametrize(
    ("left", "exp"),
    [
        (timedelta(minutes=15), NOW + 900),
        (timedelta(minutes=15, microseconds=-1), NOW + 899),
        (timedelta(), NOW),
        (timedelta(days=3), NOW + int(LIFETIME.total_seconds())),
    ],
    ids=str,
)
def test_lasts_no_longer_than_the_session(left: timedelta, exp: int, keys: Keys) -> None:
    bearer, _place, _session = acting(keys, until=datetime.fromtimestamp(NOW, UTC) + left)
    assert claims_of(keys, bearer)["exp"] == exp


def test_takes_a_session_without_end(keys: Keys) -> None:
    bearer, place, session = acting(keys, until=FOREVER)
    verifier = JwtVerifier(keys.verifying_keys(), issuer=ISSUER)
    assert verifier.verify(bearer) == Identity(place, 3, session)


def test_is_over_at_its_end_even_where_it_was_seen_before(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    bearer, place, session = acting(keys, until=datetime.fromtimestamp(NOW + 900, UTC))
    verifier = JwtVerifier(keys.verifying_keys(), issuer=ISSUER)
    assert verifier.verify(bearer) == Identity(place, 3, session)
    monkeypatch.setattr(time, "time", lambda: float(NOW + 901))
    with pytest.raises(InvalidTokenError):
        verifier.verify(bearer)
