"""The demo's clients: companies and people, found by their words, with addresses, switches and notes."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
import orjson

from storage.base import fold
from storage.clients import ClientStatus, PaymentMethod, client, client_word
from storage.search_words import client_words
from storage.seeding.cards import add_customer_cards
from storage.seeding.companies import company, own_business
from storage.seeding.countries import COUNTRIES, Country, slug, telephone
from storage.seeding.draft import Draft, Taken
from storage.seeding.partners import Partner

_NEWEST_DAYS: Final = 7
_HOME_PERCENT: Final = 30
_PRIVATE_PERCENT: Final = 22
_COUNTRIES: Final = {"GB": 26, "US": 18, "DE": 16, "ES": 13, "FR": 12, "IE": 5, "AT": 4, "BE": 3, "JP": 3}
_STATUSES: Final = {ClientStatus.ACTIVE: 91, ClientStatus.INACTIVE: 7, ClientStatus.CLOSED: 2}
_SWITCHES: Final = {
    "late_fee_exempt": 8,
    "overdue_notices_off": 5,
    "tax_exempt": 4,
    "separate_invoices": 6,
    "card_processing_disabled": 3,
    "marketing_opt_out": 35,
    "automatic_status_disabled": 4,
    "single_sign_on_allowed": 70,
}
"""In how many percent of the clients each switch is on."""

_NOTES: Final = (
    "Prefers a call before any change to the mail servers.",
    "Pays on the 25th; agreed with billing.",
    "Migrating from another host in three steps; step two is done.",
    "Asked for a quote on Workplace Professional.",
    "Charity: keep on the yearly cycle.",
    "Invoices go to the accountant as well.",
    "Has two sites; the second one has slow internet access.",
    "Renewal talk planned with the new managing director.",
)


class Customer(msgspec.Struct, frozen=True):
    """What the rows below a client need to know of it; `base` and `label` name its first organisation."""

    partner: Partner
    id: UUID
    created_at: datetime
    name_sort: str
    base: str
    label: str
    country: Country
    status: str
    default_card: UUID | None


class _Person(msgspec.Struct, frozen=True):
    given: str
    family: str

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"


def add_client(draft: Draft, partner: Partner, names: Taken, labels: Taken) -> Customer:
    """Add a client with its words and cards; `names` and `labels` are those that the partner's clients use."""
    created_at = draft.between(partner.created_at, draft.ago(_NEWEST_DAYS))
    country = _country(draft, partner)
    person = _Person(draft.one(country.given), draft.one(country.family))
    who, base, label = _who(draft, country, person, names, labels)
    status = draft.weighted(_STATUSES)
    values = {**who, **_address(draft, country), **_settings(draft, country), "status": status}
    identifier = draft.add_tenant(client, partner.id, created_at, values)
    _add_words(draft, partner.id, identifier, who)
    default_card = add_customer_cards(
        draft, partner.id, identifier, since=created_at, holder_name=who["company_name"] or person.name
    )
    return Customer(partner, identifier, created_at, who["name_sort"], base, label, country, status, default_card)


def _country(draft: Draft, partner: Partner) -> Country:
    return partner.country if draft.happens(_HOME_PERCENT) else COUNTRIES[draft.weighted(_COUNTRIES)]


def _who(
    draft: Draft, country: Country, person: _Person, names: Taken, labels: Taken
) -> tuple[dict[str, Any], str, str]:
    """Return the columns that say who the client is, its base name, and its label under `.example`."""
    private = draft.happens(_PRIVATE_PERCENT)
    if private:
        name, base = person.name, own_business(draft, country, person.family)
    else:
        made = company(draft, country)
        name, base = made.name, made.base
        if name in names:
            name = f"{name} {draft.chance.choice(country.places).city}"
        name = names.take(name, joint=" ")
    label = labels.take(slug(base))
    who = {
        "display_name": name,
        "name_sort": fold(name),
        "first_name": person.given,
        "last_name": person.family,
        "company_name": None if private else name,
        "email": f"{slug(person.given)}.{slug(person.family)}@{label}.example",
        "phone": telephone(country, draft.chance) if draft.happens(85) else None,
        "vat_number": country.vat(draft.chance) if country.vat and not private and draft.happens(70) else None,
        "website": f"https://www.{label}.example" if draft.happens(55) else None,
    }
    return who, base, label


def _address(draft: Draft, country: Country) -> dict[str, Any]:
    billed = _place(draft, country)
    shipped = _place(draft, country) if draft.happens(12) else None
    line2 = draft.one(("Unit 3", "2nd floor", "Building B", "c/o Reception")) if draft.happens(20) else None
    return {
        "address_line1": billed["line1"],
        "address_line2": line2,
        **{name: billed[name] for name in ("city", "region", "postcode", "country")},
        "billing_address": _json(billed) if draft.happens(30) else None,
        "shipping_address": _json(shipped) if shipped else None,
    }


def _place(draft: Draft, country: Country) -> dict[str, Any]:
    place = draft.chance.choice(country.places)
    return {
        "line1": draft.one(country.streets).format(draft.chance.randint(1, 180)),
        "line2": None,
        "city": place.city,
        "region": place.region,
        "postcode": place.postcode,
        "country": country.code,
    }


def _json(value: dict[str, Any]) -> str:
    return orjson.dumps(value).decode()


def _settings(draft: Draft, country: Country) -> dict[str, Any]:
    pays = {PaymentMethod.CARD: 74, PaymentMethod.BANK_TRANSFER: 20, PaymentMethod.OFFLINE: 6}
    imported = str(draft.chance.getrandbits(40)) if draft.happens(10) else None
    return {
        "language": country.language,
        "currency": country.currency,
        "default_payment_method": draft.weighted(pays),
        **{switch: draft.happens(percent) for switch, percent in _SWITCHES.items()},
        "admin_notes": draft.one(_NOTES) if draft.happens(22) else None,
        "import_source": imported and "whmcs",
        "import_ref": imported,
    }


def _add_words(draft: Draft, partner_id: UUID, client_id: UUID, who: dict[str, Any]) -> None:
    names = (who["company_name"], who["first_name"], who["last_name"])
    for word in sorted(client_words(who["display_name"], who["email"], *names)):
        draft.add(client_word, {"partner_id": partner_id, "client_id": client_id, "word": word})
