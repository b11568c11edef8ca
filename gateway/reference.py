"""The files that are generated from the code: the schema and the references, written anew or compared."""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from gateway import privilege_reference
from gateway.http.errors import TRANSPORT_CODES
from gateway.settings import Settings
from schema.payloads import expected_errors, says
from schema.root import build_schema
from storage.embedded import default_data_dir
from storage.partners import PartnerRole
from tenancy.privileges import Privilege

ROOT: Final = Path(__file__).resolve().parent.parent
COMMAND: Final = "scripts/schema"
STATUSES: Final[Mapping[str, str]] = {
    "BAD_REQUEST": "400",
    "BAD_USER_INPUT": "400",
    "DEADLINE_EXCEEDED": "503",
    "DOCUMENT_TOO_LARGE": "400, 413",
    "GRAPHQL_PARSE_FAILED": "400",
    "GRAPHQL_VALIDATION_FAILED": "400",
    "INTERNAL": "200, 500",
    "METHOD_NOT_ALLOWED": "405",
    "NOT_ACCEPTABLE": "406",
    "UNAUTHENTICATED": "401",
    "UNAVAILABLE": "503",
    "UNSUPPORTED_MEDIA_TYPE": "415",
}
"""The HTTP status of a top-level error by its code; every other one comes with 200."""

_DEFAULTS: Final[Mapping[object, str]] = {default_data_dir: "the user's data directory, see below"}
_DATA_DIRECTORIES: Final = """\
The data directory is, unless set:

| who | where |
|---|---|
| root | `/var/lib/reseller-gateway` |
| anybody else on Linux | `$XDG_DATA_HOME/reseller-gateway`, or `~/.local/share/reseller-gateway` |
| anybody else on macOS | `~/Library/Application Support/reseller-gateway` |
"""


def main() -> int:
    """Write every generated file, or name those that are stale; returns the process's exit code."""
    parser = argparse.ArgumentParser(prog=COMMAND, description="Write the generated files, or compare them.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail where a file is stale")
    found = list(stale(ROOT))
    if parser.parse_args().check:
        for name in found:
            sys.stdout.write(f"{name} is stale: run {COMMAND}\n")
        return 1 if found else 0
    for name in found:
        path = ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(FILES[name](), encoding="utf-8")
        sys.stdout.write(f"{name} written\n")
    return 0


def stale(root: Path) -> Iterator[str]:
    """Name the generated files that are missing or differ from what the code gives."""
    for name, make in FILES.items():
        path = root / name
        if not path.is_file() or path.read_text(encoding="utf-8") != make():
            yield name


def schema_text() -> str:
    """Return the schema in GraphQL's own language."""
    return f"{build_schema().as_str().rstrip()}\n"


def settings_page() -> str:
    """Return the reference of settings."""
    rows = (
        (f"`{_variable(name, field)}`", _takes(field), _default(field), _cell(field.description or ""))
        for name, field in Settings.model_fields.items()
    )
    return _page(
        "Settings",
        "Each setting is an environment variable; options of `gateway serve` win over it. A value that cannot be"
        " taken stops the command with one line and exit code 2.",
        _table(("variable", "takes", "unless set", "meaning"), rows),
        _DATA_DIRECTORIES,
    )


def _variable(name: str, field: FieldInfo) -> str:
    if isinstance(field.validation_alias, str):
        return field.validation_alias
    return f"{Settings.model_config.get('env_prefix', '')}{name}".upper()


def _takes(field: FieldInfo) -> str:
    kind = field.annotation
    if get_origin(kind) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(kind))
    names = {int: "a whole number", float: "a number", Path: "a path", SecretStr: "a URL", str: "a text"}
    plain = next(part for part in _parts(kind) if part in names)
    limits = {sign: getattr(item, sign) for item in field.metadata for sign in _SIGNS if hasattr(item, sign)}
    return ", ".join([names[plain], *(f"{_SIGNS[sign]} {value:g}" for sign, value in limits.items())])


_SIGNS: Final = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}


def _parts(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if isinstance(kind, UnionType) else (kind,)


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return _DEFAULTS[field.default_factory]
    return "nothing" if field.default is None else f"`{field.default}`"


def errors_page() -> str:
    """Return the reference of error codes."""
    expected = sorted(expected_errors(), key=lambda kind: kind.code)
    return _page(
        "Error codes",
        "An error carries a code from this closed list; new codes may be added. What each answer looks like is told"
        " in the [guide](../guide.md#errors).",
        "## Outcomes that a caller can act on\n",
        "A mutation answers with them in `userErrors`, which always come with status 200; a query in the top-level"
        " `errors` with the code in `extensions.code` and the status of the table. `UNAUTHENTICATED` and"
        " `DEADLINE_EXCEEDED` are always top-level. `retryable` says whether the same request may succeed a moment"
        " later.\n",
        _table(
            ("code", "meaning", "retryable", "HTTP status"),
            (
                (f"`{kind.code}`", _cell(says(kind)), _yes(held=kind.retryable), STATUSES.get(kind.code, "200"))
                for kind in expected
            ),
        ),
        "## Requests that were not executed, and what went wrong inside\n",
        "These are top-level only. None of them is worth repeating unchanged, but `INTERNAL` is worth reporting with"
        " its `extensions.requestId`, which the header `X-Request-Id` holds too.\n",
        _table(
            ("code", "meaning", "retryable", "HTTP status"),
            (
                (f"`{code}`", _cell(meaning), _yes(held=False), STATUSES[code])
                for code, meaning in sorted(TRANSPORT_CODES.items())
            ),
        ),
    )


def privileges_page() -> str:
    """Return the reference of privileges: what each is, who holds it, what a denial says and what demands what."""
    demanding = privilege_reference.demanding()
    return _page(
        "Privileges",
        "Every field and mutation of tenant data demands one privilege, which `schema.graphql` shows as `@requires`."
        " Whatever no table grants is denied. What a cell says here is what decides: the tables are the code's own.",
        "## The words\n",
        _table(("privilege", "lets one"), privilege_reference.meanings()),
        "## 1. Members of a partner\n",
        "Towards their own partner's clients and organisations, with a token of their own.\n",
        _table(("privilege", *(role.value for role in PartnerRole)), privilege_reference.partner_rows()),
        "A denial names the role, `_MAY_NOT_` and the privilege, such as `VIEWER_MAY_NOT_CLIENT_CREATE`.\n",
        "## 2. Inside an organisation\n",
        "PA: a partner's member who acts, under an access that holds the privilege; SA: the super admin; AD: an"
        " administrator; ME: a member. ✗ is a denial that an approved escalation lifts, once.\n",
        _table(("privilege", "PA", "SA", "AD", "ME", "rule that PA is told"), privilege_reference.inside_rows()),
        "## 3. Contacts of a client\n",
        _table(("privilege", "permission that it takes"), privilege_reference.contact_rows()),
        "## 4. The platform's staff, and scripts\n",
        "A script holds what is named on its API credential and its maker still holds; a fenced one only what is about"
        " one client.\n",
        _table(("privilege", "operator", "API credential", "fenced to clients"), privilege_reference.platform_rows()),
        "## What a denial says\n",
        _table(("rule", "because", "who can", "how to request"), privilege_reference.denial_rows()),
        "## What demands what\n",
        _table(
            ("privilege", "types, fields and mutations"),
            (
                (f"`{privilege}`", ", ".join(f"`{where}`" for where in sorted(demanding[privilege])))
                for privilege in Privilege
                if demanding[privilege]
            ),
        ),
    )


def _page(title: str, *parts: str) -> str:
    head = f"# {title}\n\n<!-- Generated by {COMMAND}; change the code instead. -->\n"
    return "\n".join((head, *(f"{part.rstrip()}\n" for part in parts)))


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (heads, tuple("---" for _ in heads), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _yes(*, held: bool) -> str:
    return "yes" if held else "no"


FILES: Final[Mapping[str, Callable[[], str]]] = {
    "schema.graphql": schema_text,
    "docs/reference/settings.md": settings_page,
    "docs/reference/errors.md": errors_page,
    "docs/reference/privileges.md": privileges_page,
}
"""Each generated file, by its path in the repository."""


if __name__ == "__main__":
    sys.exit(main())
