"""Judging one change: its privilege before anything happens, and before any effect the row that it hangs on."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table

from tenancy.audit import Attempt
from tenancy.conditions import holds
from tenancy.decide import Decide, Decision, Deny, When
from tenancy.errors import ForbiddenError
from tenancy.principal import Principal
from tenancy.privileges import Privilege


class UnjudgedTargetError(RuntimeError):
    """A change was to be written whose privilege hangs on a row that was not judged; it is rolled back."""


class Judge:
    """Decides for one change of one principal; it knows what is still to be judged."""

    def __init__(self, decide: Decide, principal: Principal, attempt: Attempt) -> None:
        self.principal = principal
        self._decide = decide
        self._attempt = attempt
        self._open: When | None = None

    def begin(self) -> Deny | None:
        """Decide the attempt's privilege; return the denial that an escalation may lift, None where there is none.

        Raises:
            ForbiddenError: the privilege is not held, and no escalation changes that.
        """
        if self._attempt.privilege is None:
            return None
        decision = self._decide(self.principal, self._attempt.privilege)
        if isinstance(decision, Deny):
            if not decision.escalable:
                raise ForbiddenError(decision)
            return decision
        self._open = decision if isinstance(decision, When) else None
        return None

    def demand(self, privilege: Privilege) -> None:
        """Refuse a change that needs a further privilege; one that hangs on the target is not enough.

        Raises:
            ForbiddenError: the privilege is not held.
        """
        denial = _denial(self._decide(self.principal, privilege))
        if denial is not None:
            raise ForbiddenError(denial, privilege=privilege)

    def judge(self, table: Table, row: Mapping[str, Any]) -> None:
        """Judge a locked row where the attempt's privilege hangs on it.

        Raises:
            ForbiddenError: the privilege is not held towards this row.
        """
        if self._open is None:
            return
        held = holds(self._open.condition, table.name, row, membership_id=self.principal.membership_id)
        if held is False:
            raise ForbiddenError(self._open.otherwise)
        if held:
            self._open = None

    def demand_judged(self) -> None:
        """Refuse to write before the row was judged that the attempt's privilege hangs on.

        Raises:
            UnjudgedTargetError: the resolver did not load it.
        """
        if self._open is not None:
            message = f"{self._attempt.operation} writes before its target is judged: {self._open.condition}"
            raise UnjudgedTargetError(message)


def _denial(decision: Decision) -> Deny | None:
    if isinstance(decision, When):
        return decision.otherwise
    return decision if isinstance(decision, Deny) else None
