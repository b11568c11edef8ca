"""Tests of the words that clients are found by."""

import pytest

from storage.search_words import LONGEST, client_words, search_prefixes


def test_words_are_folded_runs_of_every_name_and_of_the_address() -> None:
    words = client_words("O'Brien & Söhne", "Jane.Doe@Harbour-Lane.example", "Ñandú 24", None)
    names = {"o", "brien", "sohne", "nandu", "24"}
    address = {"jane.doe@harbour-lane.example", "jane.doe", "harbour-lane.example"}
    assert words == names | address | {"jane", "doe", "harbour", "lane", "example"}


def test_words_of_a_script_without_spaces_stay_whole() -> None:
    assert "株式会社桜木製作所" in client_words("株式会社桜木製作所", "a@b.example")


def test_a_word_fits_an_index_row() -> None:
    assert max(map(len, client_words("x" * 5000, f"{'y' * 5000}@z.example"))) == LONGEST
    assert search_prefixes("x" * 5000) == ("x" * LONGEST,)


@pytest.mark.parametrize(
    ("typed", "prefixes"),
    [
        ("", ()),
        ("  &  ", ()),
        ("@", ()),
        ("Müller", ("muller",)),
        ("o'br", ("o", "br")),
        ("harbour harbour LANE", ("harbour", "lane")),
        ("jane.doe@harb", ("jane.doe@harb",)),
        ("Jane <jane.doe@harbour-lane.example>", ("jane", "jane.doe@harbour-lane.example")),
        ("jane@", ("jane",)),
        ("@harbour-la", ("harbour-la",)),
    ],
)
def test_what_is_typed_becomes_prefixes(typed: str, prefixes: tuple[str, ...]) -> None:
    assert search_prefixes(typed) == prefixes


def test_a_query_is_cut_to_its_first_prefixes() -> None:
    assert search_prefixes("a b c d e f g") == ("a", "b", "c", "d", "e")
    assert search_prefixes("a b c", most=2) == ("a", "b")


@pytest.mark.parametrize("typed", ["o'brien", "söh", "JANE.DOE@harbour", "@harbour-lane.ex", "harbour-lane.example"])
def test_what_is_typed_of_a_client_finds_it(typed: str) -> None:
    words = client_words("O'Brien & Söhne", "jane.doe@harbour-lane.example")
    assert all(any(word.startswith(prefix) for word in words) for prefix in search_prefixes(typed))


def test_letters_that_do_not_come_apart_are_found_without_their_marks() -> None:
    assert {"sorensen", "lodz"} <= client_words("Sørensen Łódź", "post@x.example")
    assert search_prefixes("SØREN Łó") == ("soren", "lo")
