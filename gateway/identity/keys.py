"""The keys that an installation makes for itself and keeps in its data directory."""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from joserfc.jwk import ECKey, KeySet

_SECRET: Final = "secret"  # noqa: S105 - the name of a file
_SIGNING: Final = "signing-key.json"


class Keys:
    """One installation's secret and signing key, made on first use and readable by their owner only."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def database_password(self, role: str) -> str:
        """Derive the password of the database's login role from the installation's secret."""
        secret = _kept(self._directory / _SECRET, lambda: secrets.token_hex(32))
        return hmac.new(secret.encode(), f"database login {role}".encode(), hashlib.sha256).hexdigest()

    def signing_key(self) -> ECKey:
        """Return the key that signs access tokens: ES256."""
        return ECKey.import_key(json.loads(_kept(self._directory / _SIGNING, _new_signing_key)))

    def verifying_keys(self) -> KeySet:
        """Return the keys that verify access tokens."""
        return KeySet([self.signing_key()])


def _new_signing_key() -> str:
    key = ECKey.generate_key("P-256", auto_kid=True)
    return json.dumps(key.as_dict(private=True))


def _kept(path: Path, make: Callable[[], str]) -> str:
    """Read a small file, making it first where it is missing; two processes that start at once agree on one."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(make(), encoding="utf-8")
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text(encoding="utf-8")
