"""What demo companies are called: their base name, as it is in a domain, and their name with trade and legal form."""

from typing import Final

import msgspec

from storage.seeding.countries import Country
from storage.seeding.draft import Draft

_FIRST: Final = {
    "en": (
        "Harbour", "Copper", "Willow", "Granite", "Lantern", "Meadow", "Northgate", "Orchard", "Pebble", "Quarry",
        "Riverside", "Saltmarsh", "Thistle", "Umber", "Velvet", "Wayfarer", "Amber", "Beacon", "Cobalt", "Driftwood",
        "Evergreen", "Foxglove", "Gable", "Heather", "Ironbridge", "Juniper", "Kestrel", "Larkspur", "Marigold",
        "O'Malley's", "Piñon", "Café Noir",
    ),
    "de": (
        "Grünwald", "Bärental", "Höhenblick", "Königsbrück", "Nordlicht", "Rheintal", "Süderelbe", "Waldstraße",
        "Schönfeld", "Übersee", "Birkenhof", "Fuchsbau", "Morgentau", "Steinbach", "Tannengrün",
    ),
    "es": (
        "Ñandú", "Sierra Clara", "El Olivar", "La Peña", "Río Tinto", "Los Álamos", "Cañaveral", "Mar de Fondo",
        "Valdehierro", "La Española", "Güímar", "Monte Alto", "Puerta Real", "Árbol Viejo", "Niño Jesús",
    ),
    "fr": (
        "L'Étoile", "Belle Rive", "Clairière", "Les Érables", "Côté Jardin", "Œillet", "Mont Doré", "L'Hirondelle",
        "Prévert", "Saint-Éloi", "Haute Forêt", "La Façade", "Grand Large", "Noël", "Val d'Aurore",
    ),
}  # fmt: skip
_SECOND: Final = (
    "Lane", "Kettle", "Field", "Bridge", "Row", "House", "Works", "Point", "Hill", "Yard", "Gate", "Mill", "Cove",
    "Street", "Park", "Wharf",
)  # fmt: skip
_TRADES: Final = {
    "en": (
        "Bakery", "Dental Care", "Logistics", "Architects", "Veterinary Clinic", "Print", "Furniture", "Brewing",
        "Accountants", "Cycles", "Books", "Physiotherapy", "Engineering", "Interiors", "Ceramics", "Consulting",
    ),
    "de": (
        "Bäckerei", "Zahnärzte", "Spedition", "Architektur", "Tischlerei", "Druckerei", "Brauerei", "Steuerberatung",
        "Gärtnerei", "Optik",
    ),
    "es": (
        "Panadería", "Clínica Dental", "Logística", "Arquitectos", "Imprenta", "Muebles", "Gestoría", "Óptica",
        "Bodegas", "Cerámica",
    ),
    "fr": (
        "Boulangerie", "Cabinet Dentaire", "Transports", "Architectes", "Imprimerie", "Ébénisterie", "Brasserie",
        "Fleuriste", "Librairie", "Crèmerie",
    ),
}  # fmt: skip
_TRADE_FIRST: Final = frozenset({"es", "fr"})
_JAPANESE: Final = (
    ("株式会社桜木製作所", "Sakuragi"), ("青空デザイン事務所", "Aozora"), ("港町水産", "Minatomachi"),
    ("北星印刷株式会社", "Hokusei"), ("みどり歯科", "Midori"), ("東雲商店", "Shinonome"), ("白樺書房", "Shirakaba"),
    ("Yamabuki Trading", "Yamabuki"), ("Kōyō Ceramics", "Koyo"),
)  # fmt: skip
_PARTS: Final = {
    "en": (
        "Studio", "Foundation", "Retail", "Workshop", "Events", "Academy", "Online", "Wholesale", "Labs", "Kitchen",
        "North", "South",
    ),
    "de": ("Werkstatt", "Stiftung", "Handel", "Akademie", "Filiale Süd", "Filiale Nord", "Verlag", "Küche"),
    "es": ("Taller", "Fundación", "Tienda", "Academia", "Norte", "Sur", "Eventos", "Cocina"),
    "fr": ("Atelier", "Fondation", "Boutique", "Académie", "Événements", "Nord", "Sud", "Édition"),
}  # fmt: skip


class Company(msgspec.Struct, frozen=True):
    """A company's name in full, and the short one that its organisations and domains are named after."""

    name: str
    base: str


def company(draft: Draft, country: Country) -> Company:
    """Make a company up."""
    if country.code == "JP":
        name, base = draft.chance.choice(_JAPANESE)
        return Company(name, base)
    base = draft.one(_FIRST[country.language])
    if country.language == "en":
        base = f"{base} {draft.one(_SECOND)}"
    trade = draft.one(_TRADES[country.language])
    name = f"{trade} {base}" if country.language in _TRADE_FIRST else f"{base} {trade}"
    return Company(f"{name} {draft.one(country.legal_forms)}" if draft.happens(60) else name, base)


def own_business(draft: Draft, country: Country, family: str) -> str:
    """Name what a person does business as."""
    trade = draft.one(_TRADES[country.language])
    return f"{trade} {family}" if country.language in _TRADE_FIRST else f"{family} {trade}"


def parts(draft: Draft, country: Country, base: str, count: int) -> list[str]:
    """Name the organisations of a company: itself first, then its towns and departments."""
    added = [place.city for place in country.places] + list(_PARTS[country.language])
    draft.chance.shuffle(added)
    rounds = ("", *(f" {number}" for number in range(2, 2 + count // len(added))))
    return [base, *(f"{base} {part}{again}" for again in rounds for part in added)][:count]
