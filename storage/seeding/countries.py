"""Where demo people live: names, places, telephone numbers and VAT numbers of nine countries.

Telephone numbers come from the ranges that a country's regulator keeps for drama; where none is kept, there is no
number. VAT numbers are made up and pass their check.
"""

import re
from collections.abc import Callable
from random import Random
from typing import Final

import msgspec
from stdnum import luhn
from stdnum.es import cif
from stdnum.gb import vat as british_vat
from stdnum.iso7064 import mod_11_10

from storage.base import fold

_VAT_MODULUS: Final = 97


class Place(msgspec.Struct, frozen=True):
    """A town as it stands in an address."""

    city: str
    region: str | None
    postcode: str


class Country(msgspec.Struct, frozen=True):
    """What a country gives its people and companies; `street` has a slot for the number."""

    code: str
    currency: str
    language: str
    given: tuple[str, ...]
    family: tuple[str, ...]
    places: tuple[Place, ...]
    streets: tuple[str, ...]
    legal_forms: tuple[str, ...]
    phone: str | None = None
    """A drama range; each `x` is a free digit."""
    vat: Callable[[Random], str] | None = None


def slug(name: str) -> str:
    """Return a name as one label of a domain."""
    plain = fold(name).replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", "")
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def telephone(country: Country, chance: Random) -> str | None:
    """Make up a telephone number in E.164."""
    return country.phone and re.sub("x", lambda _free: str(chance.randrange(10)), country.phone)


def _german_vat(chance: Random) -> str:
    digits = str(chance.randrange(10_000_000, 99_999_999))
    return f"DE{digits}{mod_11_10.calc_check_digit(digits)}"


def _spanish_vat(chance: Random) -> str:
    digits = f"B{chance.randrange(10_000_000):07}"
    return f"ES{digits}{cif.calc_check_digits(digits)[0]}"


def _french_vat(chance: Random) -> str:
    digits = str(chance.randrange(10_000_000, 99_999_999))
    company = f"{digits}{luhn.calc_check_digit(digits)}"
    return f"FR{(12 + 3 * (int(company) % _VAT_MODULUS)) % _VAT_MODULUS:02}{company}"


def _british_vat(chance: Random) -> str:
    digits = str(chance.randrange(2_000_000, 9_999_999))
    check = (_VAT_MODULUS - british_vat.checksum(f"{digits}00")) % _VAT_MODULUS
    # The check is the last two digits weighted 10 and 1, which is the number that they form.
    return f"GB{digits}{check:02}"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _places(text: str) -> tuple[Place, ...]:
    """Read `city|region|postcode` lines."""
    cut = [line.strip().split("|") for line in text.strip().splitlines()]
    return tuple(Place(city, region or None, postcode) for city, region, postcode in cut)


_ENGLISH_STREETS: Final = (
    "{} High Street", "{} Mill Lane", "{} Station Road", "{} Victoria Road", "{} Church Walk", "{} Orchard Close",
    "{} St Mary's Terrace", "{} Foundry Yard",
)  # fmt: skip
_GERMAN_STREETS: Final = (
    "Bahnhofstraße {}", "Lindenweg {}", "Mühlgasse {}", "Gartenstraße {}", "Am Markt {}", "Königstraße {}",
)  # fmt: skip
_FRENCH_STREETS: Final = (
    "{} rue de l'Église", "{} avenue des Érables", "{} quai du Port", "{} place du Marché", "{} rue de la Forêt",
)  # fmt: skip
_GERMAN_GIVEN: Final = _words(
    "Anke Björn Cornelia Dörte Emil Frieda Günther Hannah Ingo Jürgen Käthe Lukas Marlene Niklas Oskar Petra Ruth"
    " Sören Theo Ute"
)
_GERMAN_FAMILY: Final = _words(
    "Bäcker Becker Böhm Dietrich Engel Fröhlich Groß Hübner Jäger Köhler Krüger Lehmann Möller Müller Neumann Öztürk"
    " Richter Schäfer Schröder Vogel Weiß"
)
_FRENCH_GIVEN: Final = _words(
    "Adèle Bénédicte Camille Désirée Élodie François Gaëlle Hélène Inès Jérôme Loïc Maëlle Noémie Océane Pascal Rémi"
    " Solène Thérèse Yves Zoé"
)
_FRENCH_FAMILY: Final = _words(
    "Aubert Bélanger Châtelain Dubois Évrard Fontaine Garçon Hébert Joly Lefèvre Maréchal Noël Périer Renaud Sénéchal"
    " Tréville L'Huillier D'Aubigny"
)

BRITAIN: Final = Country(
    code="GB",
    currency="GBP",
    language="en",
    given=_words(
        "Aoife Beatrice Callum Daphne Edwin Fiona George Harriet Imogen Jasper Keira Lewis Maeve Nigel Olive Percy Rhys"
        " Siân Tamsin Wilfred Zara"
    ),
    family=_words(
        "Ashworth Barlow Carrick Denholm Eastwood Fairfax Greenhalgh Holloway Ingram Jessop Kershaw Lockwood"
        " MacAllister Norwood O'Brien O'Connell Pemberton Ravenscroft Stanhope Thackeray Whitlock"
    ),
    places=_places(
        """Leeds|West Yorkshire|LS1 4AP
        Bristol||BS1 5TR
        Norwich|Norfolk|NR2 1TF
        Cardiff||CF10 1EP
        Aberdeen||AB10 1AB
        London||EC2A 3LT
        King's Lynn|Norfolk|PE30 1EX
        York|North Yorkshire|YO1 7HH"""
    ),
    streets=_ENGLISH_STREETS,
    legal_forms=("Ltd", "Limited", "LLP", "& Sons"),
    phone="+442079460xxx",
    vat=_british_vat,
)
UNITED_STATES: Final = Country(
    code="US",
    currency="USD",
    language="en",
    given=_words(
        "Abigail Brandon Caroline Darnell Ezra Francesca Gideon Hazel Isaiah Jolene Kendra Lamar Mateo Naomi Orville"
        " Priscilla Quentin Renée Sheldon Tessa"
    ),
    family=_words(
        "Abernathy Bridger Calloway Delacroix Everhart Fitzgerald Goldberg Hernández Isaacson Jefferson Kowalski"
        " Lindqvist McCready Nakamura O'Hara Patterson Quigley Rosenthal Sinclair Winfield"
    ),
    places=_places(
        """Portland|OR|97205
        Madison|WI|53703
        Austin|TX|78701
        Burlington|VT|05401
        Coeur d'Alene|ID|83814
        Savannah|GA|31401
        Santa Fe|NM|87501"""
    ),
    streets=("{} Maple Avenue", "{} Main Street", "{} Harbor Boulevard", "{} Juniper Drive", "{} Old Mill Road"),
    legal_forms=("Inc.", "LLC", "Corp."),
    phone="+120255501xx",
)
GERMANY: Final = Country(
    code="DE",
    currency="EUR",
    language="de",
    given=_GERMAN_GIVEN,
    family=_GERMAN_FAMILY,
    places=_places(
        """Berlin||10115
        Köln|Nordrhein-Westfalen|50667
        München|Bayern|80331
        Lübeck|Schleswig-Holstein|23552
        Görlitz|Sachsen|02826
        Freiburg im Breisgau|Baden-Württemberg|79098"""
    ),
    streets=_GERMAN_STREETS,
    legal_forms=("GmbH", "KG", "e. K.", "& Söhne GmbH"),
    phone="+493023125xxx",
    vat=_german_vat,
)
SPAIN: Final = Country(
    code="ES",
    currency="EUR",
    language="es",
    given=_words(
        "Adrián Begoña Concepción Débora Íñigo Elvira Félix Gádor Hernán Inmaculada Joaquín Lucía Martín Núria Óscar"
        " Pilar Raúl Sofía Tomás Úrsula Xoán"
    ),
    family=_words(
        "Álvarez Benítez Cañizares Domínguez Echevarría Fernández Güell Hernández Ibáñez Jiménez Muñoz Núñez Ñíguez"
        " Ordóñez Peñalver Quiñones Rodríguez Sáez Tárrega Zúñiga"
    ),
    places=_places(
        """Madrid|Madrid|28013
        A Coruña|Galicia|15003
        Cádiz|Andalucía|11001
        Logroño|La Rioja|26001
        Málaga|Andalucía|29015
        Castelló de la Plana|Comunitat Valenciana|12001"""
    ),
    streets=("Calle Mayor, {}", "Calle del Olmo, {}", "Plaza de España, {}", "Avenida de la Constitución, {}"),
    legal_forms=("S.L.", "S.A.", "S. Coop."),
    vat=_spanish_vat,
)
FRANCE: Final = Country(
    code="FR",
    currency="EUR",
    language="fr",
    given=_FRENCH_GIVEN,
    family=_FRENCH_FAMILY,
    places=_places(
        """Paris|Île-de-France|75011
        Orléans|Centre-Val de Loire|45000
        Besançon|Bourgogne-Franche-Comté|25000
        Nîmes|Occitanie|30000
        L'Haÿ-les-Roses|Île-de-France|94240"""
    ),
    streets=_FRENCH_STREETS,
    legal_forms=("SARL", "SAS", "SA"),
    phone="+3319900xxxx",
    vat=_french_vat,
)
JAPAN: Final = Country(
    code="JP",
    currency="JPY",
    language="en",
    given=_words("Aiko Daichi Emi Haruto Jun Kaori Makoto Naoki Ren Sakura Takumi Yūko"),
    family=_words("Aoki Endō Fujimoto Hayashi Inoue Katō Matsuda Nakagawa Ōta Sasaki Tanaka Yamazaki"),
    places=_places(
        """Sapporo|Hokkaidō|060-0001
        Kyōto|Kyōto|604-8091
        Ōsaka|Ōsaka|530-0001
        Naha|Okinawa|900-0015"""
    ),
    streets=("{}-2 Sakuragaoka", "{}-7 Honmachi", "{}-11 Minatomachi"),
    legal_forms=("K.K.", "G.K."),
)
IRELAND: Final = Country(
    code="IE",
    currency="EUR",
    language="en",
    given=_words("Aisling Brónagh Ciarán Deirdre Éamon Gráinne Niamh Oisín Róisín Seán Tadhg Úna"),
    family=_words("Breathnach Delaney Fitzpatrick Gallagher Kinsella McGrath O'Dwyer O'Neill Súilleabháin Tierney"),
    places=_places(
        """Galway|Connacht|H91 E2K3
        Cork|Munster|T12 X8N6
        Dún Laoghaire|Leinster|A96 R8C4"""
    ),
    streets=_ENGLISH_STREETS,
    legal_forms=("Ltd", "DAC"),
)
AUSTRIA: Final = Country(
    code="AT",
    currency="EUR",
    language="de",
    given=_GERMAN_GIVEN,
    family=_GERMAN_FAMILY,
    places=_places(
        """Wien||1010
        Graz|Steiermark|8010
        St. Pölten|Niederösterreich|3100"""
    ),
    streets=_GERMAN_STREETS,
    legal_forms=("GmbH", "OG"),
)
BELGIUM: Final = Country(
    code="BE",
    currency="EUR",
    language="fr",
    given=_FRENCH_GIVEN,
    family=_FRENCH_FAMILY,
    places=_places(
        """Liège|Wallonie|4000
        Namur|Wallonie|5000
        Bruxelles||1000"""
    ),
    streets=_FRENCH_STREETS,
    legal_forms=("SRL", "SA"),
)

COUNTRIES: Final = {
    country.code: country
    for country in (BRITAIN, UNITED_STATES, GERMANY, SPAIN, FRANCE, JAPAN, IRELAND, AUSTRIA, BELGIUM)
}
