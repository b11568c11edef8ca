"""What every server under test is told: one JSON file, which the environment names."""

import os
from pathlib import Path
from typing import Any, Final

import msgspec
import orjson
from joserfc.jwk import KeySet

from gateway.identity.tokens import ALGORITHM, AUDIENCE
from storage.rls import REACH_ROLES
from tenancy.entering import ENTER, role_parameters

VARIABLE: Final = "BENCH_SETTING"
QUERIES: Final = {file.stem: file.read_text() for file in sorted(Path(__file__).with_name("queries").glob("*.graphql"))}
"""The documents, by the names of their files."""


class Setting(msgspec.Struct, frozen=True, rename="camel"):
    """The database as the unprivileged login, how a token is verified, and the statement that comes first.

    `enter` takes membership, epoch and session of acting, and then `roles` in their order.
    """

    login_url: str
    jwks: dict[str, Any]
    issuer: str
    documents: dict[str, str]
    audience: str = AUDIENCE
    algorithm: str = ALGORITHM
    enter: str = ENTER
    roles: tuple[str, ...] = role_parameters(REACH_ROLES)


def write_setting(directory: Path, *, login_url: str, keys: KeySet, issuer: str) -> Path:
    """Write the file, readable by its owner only: it holds a password."""
    setting = Setting(login_url=login_url, jwks=dict(keys.as_dict(private=False)), issuer=issuer, documents=QUERIES)
    file = directory / "setting.json"
    file.touch(mode=0o600)
    file.write_bytes(msgspec.json.encode(setting))
    return file


def read_setting() -> Setting:
    """Read the file that the environment names."""
    return msgspec.convert(orjson.loads(Path(os.environ[VARIABLE]).read_bytes()), Setting)
