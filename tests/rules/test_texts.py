"""Texts: trimmed, said where something must be said, never longer than their field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.errors import RequiredError, TooLongError
from resolvers.rules.texts import LONGEST_NOTE, demanded, noted

blank = st.text(" \t\n\r", max_size=10)
said = st.text(min_size=1, max_size=40).map(str.strip).filter(bool)


@given(text=said, before=blank, after=blank)
def test_trims_what_is_said(text: str, before: str, after: str) -> None:
    assert noted("note", before + text + after) == demanded("note", before + text + after) == text


@given(text=blank | st.none())
def test_takes_blanks_for_nothing(text: str | None) -> None:
    assert noted("note", text) is None
    with pytest.raises(RequiredError) as refused:
        demanded("reason", text or "")
    assert refused.value.path == ("reason",)


@given(text=said, more=st.integers(1, 5))
def test_counts_characters_without_the_blanks_around_them(text: str, more: int) -> None:
    assert noted("note", f"  {text}  ", most=len(text)) == text
    longer = text + "x" * more
    for ask in (noted, demanded):
        with pytest.raises(TooLongError) as refused:
            ask("note", longer, most=len(longer) - 1)
        assert refused.value.path == ("note",)
        assert refused.value.message == f"This takes at most {len(longer) - 1} characters."


def test_takes_a_thousand_characters_unless_told_otherwise() -> None:
    assert noted("note", "x" * LONGEST_NOTE) == "x" * 1_000
    with pytest.raises(TooLongError):
        noted("note", "x" * 1_001)
