"""Payment cards."""

from enum import Enum

import strawberry

from resolvers import cards
from resolvers.paging import Order
from schema.connections import Connection, Direction, paged
from schema.guarded import column, entity, listing, mutation
from schema.nodes import Node, Versioned
from schema.payloads import UserError, user_errors
from storage.cards import CardHolder, CardStatus, PaymentCardRecord
from tenancy.privileges import Privilege


@entity(
    read=Privilege.CARD_READ,
    record=PaymentCardRecord,
    doc="A payment card, known by a processor's token; its number is never here.",
)
class PaymentCard(Node, Versioned):
    """A payment card."""

    holder: CardHolder = column(doc="Whose card it is.")
    brand: str = column(doc="The card's brand, in lower case.")
    last_four: str = column(doc="The last four digits of the number.")
    expiry_month: int = column(doc="The month after which it is no longer valid: 1 to 12.")
    expiry_year: int = column(doc="The year of that month, in four digits.")
    holder_name: str | None = column(doc="The name on the card.")
    status: CardStatus = column(doc="Whether it can be chosen.")


@strawberry.enum(description="What cards are sorted by.")
class PaymentCardOrderField(Enum):
    """What cards are sorted by."""

    CREATED_AT = strawberry.enum_value("created_at", description="By when they were added.")


@strawberry.input(description="How cards are sorted.")
class PaymentCardOrder:
    """How cards are sorted."""

    field: PaymentCardOrderField = strawberry.field(default=PaymentCardOrderField.CREATED_AT, description="By what.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")


@strawberry.input(description="Which cards to list.")
class PaymentCardFilter:
    """Which cards to list."""

    holder: CardHolder | None = strawberry.field(default=strawberry.UNSET, description="Only of this holder.")
    status: CardStatus | None = strawberry.field(default=strawberry.UNSET, description="Only of this status.")


card_page = paged(where=PaymentCardFilter, order=PaymentCardOrder, default=Order("created_at"))


@strawberry.input(description="One of the partner's own cards to add.")
class ResellerCardAttachInput:
    """One of the partner's own cards to add."""

    token: str = strawberry.field(description="The token that the card processor gave for the card.")
    holder_name: str | None = strawberry.field(default=strawberry.UNSET, description="The name on the card.")
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET, description="Makes a retry safe: the same key adds the card once. Kept for 30 days."
    )


@strawberry.type(description="The card that was added, or why it was not.")
class ResellerCardAttachPayload:
    """The card that was added, or why it was not."""

    card: PaymentCard | None = strawberry.field(description="The card as it now is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class CardQuery:
    """The cards of the root."""

    cards: Connection[PaymentCard] | None = listing(
        cards.cards, guard=Privilege.CARD_READ, args=card_page, doc="The partner's own cards and those of its clients."
    )


@strawberry.type
class CardMutation:
    """Changes of cards."""

    reseller_card_attach: ResellerCardAttachPayload = mutation(
        cards.attach_reseller,
        privilege=Privilege.RESELLER_CARD_ATTACH,
        takes=ResellerCardAttachInput,
        gives=ResellerCardAttachPayload,
        outcome=cards.card_by_id,
        doc="Add one of the partner's own cards.",
    )
