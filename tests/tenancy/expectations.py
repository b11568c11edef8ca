"""What the tables in the documentation expect of whom, read from them and from nothing else."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from storage.identity import ContactPermission, MembershipKind
from storage.partners import PartnerRole
from tests.factories.principals import FULL, Asker

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "privileges-expected.md"
YES, NO, DENIED, ASKS = "✓", "\N{EN DASH}", "✗", "asks"
SELF, NOT_SA, NOT_AD, VERIFIED = "self", "not SA", "not SA or AD", "verified"
BY_TABLE_1, NAMED, NONE = "by table 1", "named", "none"

CONDITIONS: Final = frozenset({SELF, NOT_SA, NOT_AD, VERIFIED})
_OURS: Final = " (ours)"
_ROLES: Final = tuple(role.value for role in PartnerRole)
_HELD: Final = frozenset({YES, NO, DENIED})
CELLS: Final[Mapping[str, Mapping[str, frozenset[str]]]] = {
    "Table 1": dict.fromkeys(_ROLES, _HELD | {VERIFIED}),
    "Table 2": {
        "PA": _HELD | {ASKS, NOT_AD, BY_TABLE_1},
        "access": frozenset({YES, "", "ORG_READ"}),
        **dict.fromkeys(("SA", "AD", "ME"), _HELD | {SELF, NOT_SA, NOT_AD}),
    },
    "Table 3": {"permission": frozenset({NO, NONE, *ContactPermission})},
    "Table 4": {"operator": _HELD, "credential": _HELD | {NAMED}, "fenced": _HELD | {NAMED}},
}
"""What a cell of each column can say."""
RULES_OF: Final = {
    "Table 1": ("rule",),
    "Table 2": ("rule for PA", "rule for SA, AD, ME"),
    "Table 3": (),
    "Table 4": (),
}

Row = Mapping[str, str]


def _tables() -> dict[str, list[list[str]]]:
    """Read every table of the page under the heading that it stands under, the lines of its cells."""
    found: dict[str, list[list[str]]] = {}
    title = ""
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            title = line.lstrip("# ").partition(":")[0]
        elif line.startswith("| "):
            found.setdefault(title, []).append([cell.strip().strip("`") for cell in line.split("|")[1:-1]])
    return found


def _table(title: str) -> dict[str, Row]:
    head, *body = _TABLES[title]
    assert head == ["privilege", *CELLS[title], *RULES_OF[title]], title
    rows: dict[str, Row] = {row[0].removesuffix(_OURS): dict(zip(head[1:], row[1:], strict=True)) for row in body}
    assert len(rows) == len(body), f"{title} names a privilege twice"
    return rows


_TABLES: Final = _tables()
TABLES: Final = {title: _table(title) for title in CELLS}
RULES: Final = {cells[0]: cells[1] for cells in next(iter(_TABLES.values())) if "_" in cells[1]}
_USERS: Final = {"SUPER_ADMIN": "SA", "ADMIN": "AD", "MEMBER": "ME"}
RELATIONS: Final = {"SUPER_ADMIN": "SUPER_ADMIN", "ADMIN": "ADMINISTRATOR", "MEMBER": "ORG_MEMBER"}
_ABOUT: Final = {SELF: "about another", NOT_SA: "about SA", NOT_AD: "about SA or AD"}


@dataclass(frozen=True)
class Outcome:
    """Whether somebody holds a privilege; on what that hangs in the target, and by which rule it is denied."""

    held: bool
    rule: str | None = None
    condition: str | None = None

    def towards(self, *, fits: bool) -> "Outcome":
        """Return the outcome towards a target of which the condition holds, or does not."""
        return Outcome(held=self.held and (fits or self.condition is None), rule=self.rule)


HOLDS: Final = Outcome(held=True)


def expected(asker: Asker, privilege: str) -> Outcome:
    """Return what the tables say of a privilege for somebody."""
    if asker.kind is None:
        return Outcome(held=False, rule="UNAUTHENTICATED")
    if asker.acts is not None:
        return _acting(asker, privilege)
    by_kind = {
        MembershipKind.PARTNER_MEMBER: _member,
        MembershipKind.ORG_USER: _user,
        MembershipKind.CONTACT: _contact,
        MembershipKind.OPERATOR: _operator,
        MembershipKind.API_CREDENTIAL: _credential,
    }
    return by_kind[asker.kind](asker, privilege)


def _deny(key: str, privilege: str, **words: Any) -> Outcome:
    rule = RULES[key]
    for name, word in {"privilege": privilege, **words}.items():
        rule = rule.replace(f"<{name.upper()}>", str(word))
    return Outcome(held=False, rule=rule)


def _when(cell: str, key: str, privilege: str, **words: Any) -> Outcome:
    return Outcome(held=True, rule=_deny(key, privilege, **words).rule, condition=cell)


def _member(asker: Asker, privilege: str) -> Outcome:
    row = TABLES["Table 1"][privilege]
    cell = row[str(asker.role)]
    if cell == YES:
        return HOLDS
    if cell == VERIFIED:
        return _when(cell, "member, not verified", privilege, role=asker.role)
    return Outcome(held=False, rule=row["rule"]) if row["rule"] else _deny("member", privilege, role=asker.role)


def _acting(asker: Asker, privilege: str) -> Outcome:
    row = TABLES["Table 2"][privilege]
    cell = row["PA"]
    if cell in {DENIED, ASKS}:
        return Outcome(held=False, rule=row["rule for PA"])
    if TABLES["Table 1"]["ORGANISATION_ACT"][str(asker.role)] == NO and privilege not in _WHOEVER_ACTS:
        return _deny("acting, role does not act", privilege, role=asker.role)
    if cell == NO:
        return Outcome(held=False, rule=row["rule for PA"]) if row["rule for PA"] else _deny("acting", privilege)
    if cell == BY_TABLE_1:
        held = TABLES["Table 1"][privilege][str(asker.role)] == YES
        return HOLDS if held else _deny("acting, by table 1", privilege, role=asker.role)
    needed = privilege if row["access"] == YES else row["access"]
    if needed and asker.acts is not FULL and needed not in (asker.acts or ()):
        return _deny("acting, access lacks it", privilege)
    return _when(cell, _ABOUT[cell], privilege, relation="PARTNER") if cell in CONDITIONS else HOLDS


_WHOEVER_ACTS: Final = frozenset({"VIEWER_READ", "PLAN_READ", "NEWS_READ"})


def _user(asker: Asker, privilege: str) -> Outcome:
    row, role = TABLES["Table 2"][privilege], str(asker.role)
    own = row[_USERS[role]]
    if own in {NO, DENIED}:
        said = row["rule for SA, AD, ME"] if own == DENIED else ""
        return Outcome(held=False, rule=said) if said else _deny("user", privilege, relation=RELATIONS[role])
    cell = row["ME"] if asker.works_for_the_partner else own
    if cell in {NO, DENIED}:
        return _deny("user who works for the partner", privilege)
    relation = "ORG_MEMBER" if asker.works_for_the_partner else RELATIONS[role]
    return _when(cell, _ABOUT[cell], privilege, relation=relation) if cell in CONDITIONS else HOLDS


def _contact(asker: Asker, privilege: str) -> Outcome:
    needed = TABLES["Table 3"][privilege]["permission"]
    if needed == NO:
        return _deny("contact", privilege)
    held = needed == NONE or needed in asker.permissions
    return HOLDS if held else _deny("contact, permission lacks", privilege, permission=needed)


def _operator(_asker: Asker, privilege: str) -> Outcome:
    cell = TABLES["Table 4"][privilege]["operator"]
    return HOLDS if cell == YES else _deny("operator, ✗" if cell == DENIED else "operator", privilege)


def _credential(asker: Asker, privilege: str) -> Outcome:
    row, first = TABLES["Table 4"][privilege], TABLES["Table 1"][privilege]
    if row["credential"] == DENIED:
        return Outcome(held=False, rule=first["rule"])
    if row["credential"] == NO:
        return _deny("credential", privilege)
    if asker.fenced and row["fenced"] == NO:
        return _deny("credential, fenced", privilege)
    if row["credential"] == YES:
        return HOLDS
    if privilege not in asker.privileges:
        return _deny("credential, not named", privilege)
    held = first[str(asker.maker)] == YES
    return HOLDS if held else _deny("credential, maker lacks it", privilege)


def every_cell() -> Iterator[tuple[str, str, str, str]]:
    """Walk every cell: table, privilege, column, what it says."""
    for title, rows in TABLES.items():
        for privilege, row in rows.items():
            for column in CELLS[title]:
                yield title, privilege, column, row[column]
