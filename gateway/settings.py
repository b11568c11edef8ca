"""The environment, read once into one frozen object."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from storage.embedded import default_data_dir
from storage.rls import LOGIN


class Settings(BaseSettings):
    """Every setting; each is an environment variable of the same name in upper case, most prefixed `GATEWAY_`."""

    model_config = SettingsConfigDict(
        env_prefix="GATEWAY_", env_ignore_empty=True, frozen=True, extra="ignore", populate_by_name=True
    )

    environment: Literal["development", "production"] = Field(
        default="development",
        description="In production the explorer, introspection, demo data and command-line tokens are off.",
    )
    host: str = Field(default="127.0.0.1", description="The address to serve on.")
    port: int = Field(default=8000, ge=1, le=65535, description="The port to serve on.")
    data_dir: Path = Field(
        default_factory=default_data_dir,
        description="Where the embedded PostgreSQL and the keys that this installation makes for itself are kept.",
    )
    database_url: SecretStr | None = Field(
        default=None,
        validation_alias="DATABASE_URL",
        description="A PostgreSQL of yours, as a role that may create roles and schemas; it migrates. "
        "Unset, an embedded one is started.",
    )
    database_login_url: SecretStr | None = Field(
        default=None,
        validation_alias="DATABASE_LOGIN_URL",
        description="The same database as the unprivileged login, where the serving process shall not hold "
        "the owner's credentials. Unset, it is derived from DATABASE_URL.",
    )
    database_login_role: str = Field(
        default=LOGIN,
        pattern=r"^[a-z][a-z0-9_]{0,62}$",
        validation_alias="DATABASE_LOGIN_ROLE",
        description="The name of the unprivileged login that migrating makes.",
    )
    pool_size: int = Field(
        default=10, ge=1, le=500, description="How many connections reads take at most, and writes as many again."
    )
    deadline_seconds: float = Field(
        default=5.0, gt=0, le=60, description="How long one operation may take before it is stopped."
    )
    executor: Literal["compiled", "reference"] = Field(
        default="compiled",
        description="What executes operations: plans compiled once, or graphql-core, field by field; "
        "the answers are the same, for comparison and for looking for faults.",
    )
    issuer: str = Field(
        default="http://127.0.0.1:8000", description="The issuer that access tokens name; the public address."
    )
    log_format: Literal["console", "json"] = Field(default="console", description="How log lines are written.")

    @property
    def development(self) -> bool:
        """Whether the conveniences of development are on."""
        return self.environment == "development"
