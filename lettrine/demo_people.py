"""Invented people, organisations and things for sale; nobody here exists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from invoicing.search import fold
from invoicing.sellers.models import Region

FR, QC = Region.FR, Region.QC


@dataclass(frozen=True)
class Person:
    """One customer; without `last` it is an organisation."""

    first: str
    last: str
    organisation: str
    region: Region
    street: str
    postcode: str
    city: str
    member: bool = True
    language: str = "fr_FR"
    signs_in: bool = False
    bounces: bool = False
    no_email: bool = False
    siren: str = ""

    @property
    def email(self) -> str:
        """An address under a name that can't exist."""
        if self.no_email:
            return ""
        domain = "example.fr" if self.region is FR else "example.ca"
        first = self.first[0] if self.city == "Annecy" else self.first  # two share a name, not an address
        local = fold(first, self.last) if self.last else "contact." + fold(self.organisation)
        return ".".join("".join(c if c.isalnum() else " " for c in local).split()[:4]) + f"@{domain}"

    @property
    def phone(self) -> str:
        """A number of the ranges kept free for fiction."""
        n = sum(map(ord, self.last + self.first + self.organisation)) % 100
        return f"06 39 98 {n:02d} {(n * 7) % 100:02d}" if self.region is FR else f"418 555-01{n:02d}"


_NAMES_FR: Final = """
Élodie Lefèvre|4 impasse du Clos-Saint-Éloi|73190|Saint-Baldoph
Élodie Lefèvre|18 avenue de Genève|74000|Annecy
Anaïs d’Arcangues|3 rue Croix-d’Or|73000|Chambéry
François Bœuf|27 chemin des Vignes|73490|La Ravoire
Zoë Müller|9 quai de la Leysse|73000|Chambéry
José Ñandú|14 rue Juiverie|73000|Chambéry
Marie-Bénédicte de La Rochefoucauld-Saint-Exupéry|1, rue du Général-Jean-Baptiste-Kléber-et-des-Anciens-Combattants|54000|Nancy
Loïc Le Goff|8 venelle du Four|29000|Quimper
Noémie Perrin|31 rue de Boigne|73000|Chambéry
Théo Garnier|6 allée des Tilleuls|73160|Cognin
Camille Roux|52 rue de la République|69002|Lyon
Jérôme Blanc|17 place du Palais|73000|Chambéry
Maëlle Guérin|2 rue des Écoles|38000|Grenoble
Ousmane Diallo|45 cours Lafayette|69003|Lyon
Inès Benhaddou|12 rue Vaugelas|73100|Aix-les-Bains
Gaël Thévenet|7 rue du Lac|73370|Le Bourget-du-Lac
Clémence Aubert|19 rue Paul-Bert|38100|Grenoble
Hélène Çelik|3 montée du Château|73000|Chambéry
Bastien Fournier|88 route de Barby|73230|Barby
Ségolène Vidal|5 rue du Four|26000|Valence
Aurélien Chevalier|11 rue Métropole|73000|Chambéry
Yasmine Haddad|23 boulevard Gambetta|38000|Grenoble
Étienne Mercier|1 place de l’Église|73190|Challes-les-Eaux
Rosalie Picard|64 rue Nicolas-Parent|73000|Chambéry
Œdipe Ancelin|10 rue des Fleurs|01000|Bourg-en-Bresse
Adélaïde Fontaine|29 avenue de Lyon|73000|Chambéry
Malo Kermarrec|4 rue du Port|56000|Vannes
Sibylle Ostrowska|15 rue Doppet|73000|Chambéry
"""
_NAMES_QC: Final = """
Marie-Ève Bélanger|218, rue de l’Évêché Ouest, app. 4|G5L 4H8|Rimouski
Étienne Gagné|1055, boulevard Jessop|G5L 7Y5|Rimouski
Geneviève Tremblay|42, rue Saint-Germain Est|G5L 1A4|Rimouski
Maxime Côté|7, rue des Pins|G5M 1B2|Rimouski
Noémie Lévesque|390, avenue de la Cathédrale|G5L 5K9|Rimouski
Jean-Sébastien Roy|16, rue Sainte-Ursule|G1R 4C8|Québec
Ariane Ouellet|88, rue Lafontaine|G5R 3A1|Rivière-du-Loup
Frédérique St-Pierre|5, rang du Bois-Franc|G0L 1B0|Le Bic
Olivier Thériault|1220, rue Principale|G0J 2L0|Sainte-Luce
Anne-Sophie D’Amours|301, avenue Rouleau|G5L 5W1|Rimouski
Émile Gauthier-Levasseur|9, rue du Fleuve|G4W 1T4|Matane
Catherine McLean|77, rue Tessier|G5L 4L7|Rimouski
"""
_FIRMS: Final = """
Lycée Sophie-Germain|9 rue de Jouy|75004|Paris|FR|999000029
Coopérative du Morvan|14 route d’Autun|58230|Montsauche-les-Settons|FR|
GAEC du Val d’Or|Lieu-dit Les Combes|71640|Givry|FR|
SCEA Les Trois Chênes|3 chemin des Chênes|26400|Crest|FR|
Bibliothèque Œuvre et Savoir|2 place Grenette|38000|Grenoble|FR|
Atelier Lefèvre SARL|4 impasse du Clos-Saint-Éloi|73190|Saint-Baldoph|FR|999000037
Imprimerie Dauphinoise|60 rue Ampère|38000|Grenoble|FR|999000045
Mairie de Saint-Alban-Leysse|1 place de la Mairie|73230|Saint-Alban-Leysse|FR|
Fédération départementale des associations d’éducation populaire et des œuvres laïques de Meurthe-et-Moselle|49 rue Isabey|54000|Nancy|FR|
Maison de la typographie|21 rue des Prêtres|67000|Strasbourg|FR|
École d’art du Léman|5 avenue du Lac|74200|Thonon-les-Bains|FR|
Librairie des Deux Savoies|33 rue de Boigne|73000|Chambéry|FR|
Les Éditions du Fleuve inc.|1055, boulevard René-Lévesque Ouest|G1R 4P5|Québec|QC|
Cégep du Bas-du-Fleuve|60, rue de l’Évêché Ouest|G5L 4H6|Rimouski|QC|
Musée régional de l’estuaire|35, rue Saint-Germain Ouest|G5L 4B4|Rimouski|QC|
Coopérative des relieurs de l’Est|12, avenue Belzile|G5L 3E4|Rimouski|QC|
Reliure & Dorure Gagnon enr.|440, rue Lausanne|G5L 4A9|Rimouski|QC|
"""
_ALONE: Final = """
Oliver Hartley|21 Rue Basse|73000|Chambéry|FR|en
Fiona Campbell|12, rue Rouleau|G5L 5S5|Rimouski|QC|en
"""


def _rows(table: str) -> list[list[str]]:
    return [line.split("|") for line in table.strip().splitlines()]


def _people() -> list[Person]:
    people = []
    for region, table, language in ((FR, _NAMES_FR, "fr_FR"), (QC, _NAMES_QC, "fr_CA")):
        for n, (name, street, postcode, city) in enumerate(_rows(table)):
            first, _, last = name.partition(" ")
            people.append(
                Person(
                    first, last, "Atelier Lefèvre SARL" if n == 0 and region is FR else "", region, street, postcode, city,
                    member=n % 4 != 1, language=language, signs_in=n == 0, bounces=n == 5, no_email=n in (7, 13),
                )
            )  # fmt: skip
    for n, (name, street, postcode, city, code, siren) in enumerate(_rows(_FIRMS)):
        where = Region(code)
        language = "fr_FR" if where is FR else "fr_CA"
        people.append(Person("", "", name, where, street, postcode, city, member=n % 3 != 2, language=language,
                             bounces=n == 3, siren=siren))  # fmt: skip
    for name, street, postcode, city, code, language in _rows(_ALONE):
        first, _, last = name.partition(" ")
        people.append(Person(first, last, "", Region(code), street, postcode, city, language=language))
    return people


PEOPLE: Final = _people()
