"""The life of an access: nothing is revived, what ran out is over, and only what can be granted is asked for."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from resolvers.errors import (
    AccessNotExtendableError,
    DaysOutOfRangeError,
    IllegalTransitionError,
    OutOfPlaceError,
    PrivilegeNotGrantableError,
    RepeatedError,
    RequiredError,
)
from resolvers.rules.accesses import (
    EXTENSION,
    FEWEST_DAYS,
    MOST_DAYS,
    NOTICES,
    Term,
    demand_grantable,
    extended,
    granted,
    lead,
    notices,
)
from storage.accesses import AccessState
from tenancy.policy import DENIED_TO_PARTNERS, GRANTABLE, TEN
from tenancy.privileges import Privilege

NOW: Final = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
LATER: Final = NOW + timedelta(days=10)
OPEN: Final = {AccessState.ACTIVE, AccessState.DECLINED, AccessState.WITHDRAWN}
LIVE: Final = {AccessState.EXPIRED, AccessState.ENDED}
OVER: Final = frozenset(AccessState) - {AccessState.REQUESTED, AccessState.ACTIVE}

states = st.sampled_from(AccessState)
moments = st.none() | st.timedeltas(timedelta(days=-900), timedelta(days=900)).map(lambda away: NOW + away)
terms = st.builds(
    Term,
    state=states,
    expires_at=moments,
    extended_at=moments,
    extendable=st.booleans(),
    full_administration=st.booleans(),
)
grantable = st.lists(st.sampled_from(sorted(GRANTABLE)), min_size=1, unique=True)
lengths = st.integers(FEWEST_DAYS, MOST_DAYS)


@given(term=terms)
def test_is_over_when_its_time_is_up_whether_or_not_that_is_written_down(term: Term) -> None:
    up = term.expires_at is not None and term.expires_at <= NOW
    assert term.at(NOW) is (AccessState.EXPIRED if up and term.state is AccessState.ACTIVE else term.state)


@given(term=terms, to=states)
def test_goes_from_a_request_to_an_answer_and_from_there_to_an_end(term: Term, to: AccessState) -> None:
    stands = term.at(NOW)
    if to in {AccessState.REQUESTED: OPEN, AccessState.ACTIVE: LIVE}.get(stands, set()):
        assert lead(term, to, now=NOW) is to
        return
    with pytest.raises(IllegalTransitionError, match=stands):
        lead(term, to, now=NOW)


@given(term=terms)
def test_is_extended_once_where_that_was_granted(term: Term) -> None:
    try:
        ends = extended(term, now=NOW)
    except IllegalTransitionError:
        assert term.at(NOW) is not AccessState.ACTIVE
    except AccessNotExtendableError:
        assert term.full_administration or not term.extendable or term.extended_at or term.expires_at is None
    else:
        assert term.at(NOW) is AccessState.ACTIVE
        assert term.expires_at is not None
        assert (ends - term.expires_at, term.extended_at) == (EXTENSION, None)
        assert term.extendable
        assert not term.full_administration


@pytest.mark.parametrize(
    ("term", "error", "says"),
    [
        (Term(AccessState.REQUESTED), IllegalTransitionError, "REQUESTED"),
        (Term(AccessState.ACTIVE, NOW), IllegalTransitionError, "EXPIRED"),
        (Term(AccessState.ACTIVE), AccessNotExtendableError, "does not end"),
        (
            Term(AccessState.ACTIVE, LATER, extendable=True, full_administration=True),
            AccessNotExtendableError,
            "Full administration",
        ),
        (Term(AccessState.ACTIVE, LATER), AccessNotExtendableError, "without an extension"),
        (Term(AccessState.ACTIVE, LATER, NOW, extendable=True), AccessNotExtendableError, "already"),
    ],
    ids=["requested", "over", "endless", "full", "not extendable", "extended"],
)
def test_says_why_it_is_not_extended(term: Term, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        extended(term, now=NOW)


@given(days=lengths)
def test_lasts_the_days_that_it_was_asked_for(days: int) -> None:
    ends = granted(days, now=NOW)
    assert ends is not None
    assert ends - NOW == timedelta(days=days)
    told = list(notices(ends, now=NOW))
    assert [before for before, _due in told] == [before for before in NOTICES if before < days]
    assert all(NOW < due < ends and ends - due == timedelta(days=before) for before, due in told)


def test_lasts_for_ever_where_no_days_were_asked_for() -> None:
    assert granted(None, now=NOW) is None


@given(wanted=grantable, days=lengths, extendable=st.booleans())
def test_takes_whatever_an_access_can_hold(wanted: list[str], *, days: int, extendable: bool) -> None:
    assert demand_grantable(wanted, full_administration=False, days=days, extendable=extendable) == wanted


@given(days=lengths)
def test_takes_full_administration_for_itself(days: int) -> None:
    assert demand_grantable((), full_administration=True, days=days, extendable=False) == ()


@given(before=grantable, wrong=st.sampled_from(sorted(set(Privilege) - GRANTABLE)), after=grantable)
def test_refuses_what_no_access_holds_wherever_it_stands(before: list[str], wrong: Privilege, after: list[str]) -> None:
    wanted = [*before, wrong, *after]
    with pytest.raises(PrivilegeNotGrantableError) as refused:
        demand_grantable(wanted, full_administration=False, days=1, extendable=False)
    assert refused.value.path == ("privileges", str(len(before)))
    assert ("escalation" in refused.value.message) is (wrong in DENIED_TO_PARTNERS)


def test_grants_none_of_the_ten() -> None:
    assert not TEN & GRANTABLE


@given(wanted=grantable, place=st.integers(min_value=0))
def test_refuses_what_is_named_twice(wanted: list[str], place: int) -> None:
    again = wanted[place % len(wanted)]
    with pytest.raises(RepeatedError) as refused:
        demand_grantable([*wanted, again], full_administration=False, days=1, extendable=False)
    assert refused.value.path == ("privileges", str(len(wanted)))


@given(days=st.integers(max_value=FEWEST_DAYS - 1) | st.integers(min_value=MOST_DAYS + 1))
def test_refuses_days_that_nobody_grants(days: int) -> None:
    with pytest.raises(DaysOutOfRangeError):
        demand_grantable(["ORG_READ"], full_administration=False, days=days, extendable=False)


def test_refuses_what_contradicts_itself() -> None:
    with pytest.raises(RequiredError):
        demand_grantable((), full_administration=False, days=1, extendable=False)
    with pytest.raises(OutOfPlaceError) as refused:
        demand_grantable(["ORG_READ"], full_administration=True, days=1, extendable=False)
    assert refused.value.path == ("privileges",)
    with pytest.raises(OutOfPlaceError) as refused:
        demand_grantable((), full_administration=True, days=1, extendable=True)
    assert refused.value.path == ("extendable",)


class Lives(RuleBasedStateMachine):
    """One access, pushed about as anybody might try, while time goes by."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.term = Term(AccessState.REQUESTED, extendable=True)
        self.seen = [AccessState.REQUESTED]
        self.extensions = 0

    @rule(to=st.sampled_from(sorted(set(AccessState) - {AccessState.REQUESTED})), days=lengths)
    def push(self, to: AccessState, days: int) -> None:
        """Try any transition."""
        try:
            state = lead(self.term, to, now=self.now)
        except IllegalTransitionError:
            return
        ends = granted(days, now=self.now) if state is AccessState.ACTIVE else self.term.expires_at
        self.term = Term(state, ends, self.term.extended_at, extendable=True)

    @rule()
    def extend(self) -> None:
        """Try to extend it."""
        try:
            ends = extended(self.term, now=self.now)
        except (IllegalTransitionError, AccessNotExtendableError):
            return
        self.extensions += 1
        self.term = Term(self.term.state, ends, self.now, extendable=True)

    @precondition(lambda self: len(self.seen) < 50)
    @rule(days=st.integers(1, 400))
    def wait(self, days: int) -> None:
        """Let time go by."""
        self.now += timedelta(days=days)

    @invariant()
    def revives_nothing(self) -> None:
        """Whatever is over stays over, and a request is never one again."""
        stands = self.term.at(self.now)
        if stands is not self.seen[-1]:
            assert self.seen[-1] not in OVER
            assert stands is not AccessState.REQUESTED
            self.seen.append(stands)
        assert self.extensions <= 1
        assert len(self.seen) <= 3


TestLives = Lives.TestCase
