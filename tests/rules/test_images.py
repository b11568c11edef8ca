"""The addresses of images: https, no longer than the field, and nothing in them that signs in somewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.errors import ImageRefusedError, TooLongError
from resolvers.rules.images import LONGEST, image_address


@pytest.mark.parametrize("text", [None, "", "  ", "\t\n"], ids=["null", "empty", "blanks", "white space"])
def test_takes_nothing_for_no_image(text: str | None) -> None:
    assert image_address(text) is None


@pytest.mark.parametrize(
    "address",
    [
        "https://images.example",
        "https://images.example/a.png",
        "https://images.example:8443/a.png?size=2#face",
        "HTTPS://images.example/a%20b.png",
        "https://images.example/@ada.png",
        "https://[2001:db8::1]/a.png",
    ],
)
def test_takes_a_plain_https_address(address: str) -> None:
    assert image_address(f" {address}\n") == address


@pytest.mark.parametrize(
    "address",
    [
        "http://images.example/a.png",
        "ftp://images.example/a.png",
        "javascript:alert(1)",
        "data:image/png;base64,AAAA",
        "//images.example/a.png",
        "https:images.example/a.png",
        "https://",
        "https://:443/a.png",
        "https://ada@images.example/a.png",
        "https://ada:secret@images.example/a.png",
        "https://@images.example/a.png",
        "https://images.example\\@evil.example/a.png",
        "https://images.example/a b.png",
        "https://images.example/\u202ea.png",
        "https://images.example:0/a.png",
        "https://images.example:99999/a.png",
        "https://[images.example/a.png",
    ],
)
def test_refuses_whatever_else(address: str) -> None:
    with pytest.raises(ImageRefusedError):
        image_address(address)


@given(more=st.integers(-20, 20))
def test_takes_as_many_characters_as_the_field(more: int) -> None:
    address = "https://images.example/".ljust(LONGEST + more, "x")
    if more > 0:
        with pytest.raises(TooLongError):
            image_address(address)
    else:
        assert image_address(address) == address


@given(text=st.text())
def test_gives_back_what_it_took_or_refuses_it(text: str) -> None:
    try:
        made = image_address(f"https://{text}")
    except (ImageRefusedError, TooLongError):
        return
    assert made == f"https://{text}".strip()
    assert image_address(made) == made
