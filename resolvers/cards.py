"""Payment cards: how they are found, and how a partner adds its own."""

from typing import Final

from connectors.cards import CardDetails, UnknownTokenError
from resolvers.context import Request
from resolvers.errors import CardTokenUnknownError, TooLongError
from resolvers.loading import ById, PageBy, equals
from storage.cards import CardHolder, CardStatus, PaymentCardRecord, payment_card
from tenancy.audit import Change

LONGEST_TOKEN: Final = 500
LONGEST_NAME: Final = 200
_FILTERS: Final = {"holder": equals("holder"), "status": equals("status")}

card_by_id: Final = ById(payment_card, PaymentCardRecord)
cards: Final = PageBy(payment_card, PaymentCardRecord, filters=_FILTERS)
cards_by_client: Final = PageBy(payment_card, PaymentCardRecord, by="client_id", filters=_FILTERS)


async def attach_reseller(request: Request, *, token: str, holder_name: str | None = None) -> PaymentCardRecord:
    """Add one of the partner's own cards by the token that the processor gave for it.

    Raises:
        TooLongError: the token or the name on the card is longer than its field takes.
        CardTokenUnknownError: the processor knows no card behind the token; nothing was stored.
        AlreadyExistsError: the partner has this card already.
    """
    async with request.write() as db:
        _demand_short(token=token, holder_name=holder_name or "")
        details = await _describe(request, token)
        row = await db.insert(
            payment_card,
            {
                "holder": CardHolder.RESELLER,
                "client_id": None,
                "processor": request.cards.name,
                "token": details.token,
                "fingerprint": details.fingerprint,
                "brand": details.brand,
                "last_four": details.last_four,
                "expiry_month": details.expiry_month,
                "expiry_year": details.expiry_year,
                "holder_name": (holder_name or "").strip() or None,
                "status": CardStatus.ACTIVE,
            },
        )
        await db.announce(Change("card.attached", payment_card, row))
    return PaymentCardRecord(**row)


def _demand_short(*, token: str, holder_name: str) -> None:
    for name, text, most in (("token", token, LONGEST_TOKEN), ("holder_name", holder_name, LONGEST_NAME)):
        if len(text) > most:
            raise TooLongError(name, most=most)


async def _describe(request: Request, token: str) -> CardDetails:
    try:
        return await request.cards.describe(token.strip())
    except UnknownTokenError as error:
        raise CardTokenUnknownError from error
