"""The keys that an installation makes for itself."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.identity.keys import Keys
from gateway.identity.tokens import InvalidTokenError, JwtVerifier, TokenSigner
from storage.base import new_id


def test_are_made_once_and_kept_for_their_owner_only(tmp_path: Path) -> None:
    first = Keys(tmp_path / "deep" / "data")
    password, key = first.database_password("gateway_login"), first.signing_key()
    again = Keys(tmp_path / "deep" / "data")
    assert again.database_password("gateway_login") == password
    assert again.signing_key().as_dict(private=True) == key.as_dict(private=True)
    modes = {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "deep" / "data").iterdir()}
    assert modes == {0o600}


def test_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(lambda _: Keys(tmp_path).database_password("x"), range(64)))
    assert len(found) == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == ["secret"]


def test_each_role_and_each_installation_has_a_password_of_its_own(tmp_path: Path) -> None:
    here, there = Keys(tmp_path / "here"), Keys(tmp_path / "there")
    assert len({here.database_password("a"), here.database_password("b"), there.database_password("a")}) == 3


def test_a_token_of_another_installation_is_not_believed(tmp_path: Path) -> None:
    here, there = Keys(tmp_path / "here"), Keys(tmp_path / "there")
    token = TokenSigner(there.signing_key(), issuer="https://gateway.example").sign(new_id(), 1)
    verifier = JwtVerifier(here.verifying_keys(), issuer="https://gateway.example")
    with pytest.raises(InvalidTokenError):
        verifier.verify(token)
