"""The tenant boundary as composed, and what it remembers: compiled statements, and what was decided for whom."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Final, TypeAlias

from sqlalchemy.sql.selectable import Select

from storage.base import Reach
from storage.engine import DIALECT, Database
from tenancy import entering, predicates
from tenancy.conditions import Condition
from tenancy.decide import Decide, Decision, When
from tenancy.policy import READING
from tenancy.predicates import Bounds, QueryScope
from tenancy.principal import Principal
from tenancy.privileges import Privilege
from tenancy.turns import Turns

REMEMBERED: Final = 2_000
"""How many compiled statements, and how many people, are kept: the oldest go."""

Seen: TypeAlias = tuple[tuple[str, Condition], ...]
"""On what it hangs which rows of some tables a caller sees."""


class Standing:
    """Somebody as the live rows tell of them, and what has been decided for them so far: a decision hangs on no more.

    `seen` is, of the tables of whose rows some may be seen, on what it hangs which.
    """

    def __init__(self, principal: Principal, decide: Decide) -> None:
        self.principal = principal
        self._decide = decide
        self._decided: dict[Privilege, Decision] = {}
        made = ((table, self.decision(privilege)) for table, privilege in READING.items())
        self.seen: Seen = tuple((table, decision.condition) for table, decision in made if isinstance(decision, When))

    def decision(self, privilege: Privilege) -> Decision:
        """Decide a privilege, once."""
        decided = self._decided.get(privilege)
        if decided is None:
            decided = self._decided[privilege] = self._decide(self.principal, privilege)
        return decided


class Boundary:
    """The tenant boundary as composed: the decision, the query scope and the database login.

    Compiled statements are kept here, one for each reach and question; and of everybody who reads the row that the
    first statement found last, with what follows from it. That row is read each time: where it is another than
    before, what followed from the one before is forgotten.
    """

    def __init__(self, database: Database, *, decide: Decide, query_scope: QueryScope) -> None:
        self.database = database
        self.decide = decide
        self.query_scope = query_scope
        self.turns = Turns()
        self.roles = entering.role_parameters(database.roles)
        self._compiled: OrderedDict[tuple[Reach, Seen, Hashable], tuple[str, tuple[str, ...], dict[str, Any]]] = (
            OrderedDict()
        )
        self._standings: OrderedDict[Hashable, tuple[Any, Standing]] = OrderedDict()

    def compiled(
        self, reach: Reach, key: Hashable, build: Callable[[Bounds], Select[Any]], *, seen: Seen = ()
    ) -> tuple[str, tuple[str, ...], dict[str, Any]]:
        """Return a question's statement for a reach: text, the names of its parameters in order, their defaults.

        `seen` is on what it hangs which rows the caller sees.

        Raises:
            UnscopedStatementError: the statement lacks a key of the scope.
        """
        known = self._compiled.get((reach, seen, key))
        if known is None:
            statement = build(predicates.narrowed(self.query_scope.bounds(reach), dict(seen)))
            self.query_scope.check(statement, reach)
            compiled = statement.compile(dialect=DIALECT)
            defaults = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
            known = (str(compiled), tuple(compiled.positiontup or ()), defaults)
            self._compiled[reach, seen, key] = known
            if len(self._compiled) > REMEMBERED:
                self._compiled.popitem(last=False)
        return known

    def role(self, reach: Reach) -> str:
        """Return the database role of a reach."""
        return self.database.roles[reach]

    def standing(self, row: Any) -> Standing:
        """Return who is asking, of the row that the first statement of a read returned.

        Raises:
            UnauthenticatedError: it found nobody that this release knows.
        """
        key = (row["id"], row["session_id"])
        known = self._standings.get(key)
        if known is not None and known[0] == row:
            return known[1]
        made = Standing(entering.principal_of(row), self.decide)
        self._standings[key] = (row, made)
        if len(self._standings) > REMEMBERED:
            self._standings.popitem(last=False)
        return made
