"""Invented names, items and prices, and the kinds of noise of a made-up ledger."""

from __future__ import annotations

FIRST = (
    "Anaïs", "Léa", "Noémie", "Gaëtan", "Marie-Ève", "Théo", "Camille", "Cécile", "Jean-Baptiste", "Hélène",
    "André", "Yannick", "Émile", "Frédérique", "Stéphane", "Océane", "François", "Gérald", "Odile", "Pascal",
    "Ursule", "Zoé", "Maëlle", "Clément", "Benoît", "Victoire", "Raphaël", "Sabine", "Joël", "Violaine", "Aïcha",
    "Mathilde", "Naël", "Karine", "Olivier", "Dorothée",
)  # fmt: skip
LAST = (
    "Paradisot", "L’Écuyer-Viau", "Thériaultet", "Jolicœurt", "Boëlle", "Garrigou-Lay", "Malaterret", "Crèvecœur",
    "Dandurandeau", "Quintallet", "Rainvillet", "Poirierot", "Saint-Amandin", "Vaillancourteau", "Levasseurt",
    "Noëllat", "Ibarrondeau", "Zéphirinot", "Marchandeau", "Ydrissot", "Fauchonnet", "Charbonnel-Roy", "Brûlart",
    "Lemerciel", "Castelnaut", "Tourangelle", "Labellecour", "Deschâtelets", "Guèvremonts", "Kervaletz", "Aubrivel",
    "Bardouin", "Courtemanchet", "Ducharmet", "Gaudrolles", "Hautecœur", "Montgolfieret", "Péladeaux", "Séguinot",
    "Trépaniers", "Urbanneau", "Verdonnel", "Wattelé", "Lachapellet", "Nérisson", "Ouimette", "Rochebrun",
    "Sylvestrin", "Tessiereau", "Villeneuvet", "Abrial", "Bellegardet", "Cazenavin", "Delormé", "Escoffieret",
    "Fontanelle",
)  # fmt: skip
WHAT = (
    "Association", "Club nautique", "École de musique", "Fromagerie", "Garage solidaire", "Coopérative",
    "Union sportive", "Bibliothèque", "Fédération", "Verrerie", "Cabinet", "Éditions", "Radio",
    "Société d’horticulture", "Atelier",
)  # fmt: skip
PLACE = (
    "du Pré Long", "de Bois-Clair", "Boréalis", "du Haut-Pays", "Crescendo", "L’Écoute", "Montclar",
    "des Deux Lacs", "Vallée FM", "Sainte-Lumière", "Pied-de-Biche", "d’En-Haut", "du Val d’Or", "Pain d’épices",
    "Œuvre & Cie", "S.E.N.C.", "inc.", "SARL",
)  # fmt: skip
ITEMS = (
    ("FORM-A1", "Formation en ligne, niveau 1"),
    ("FORM-B2", "Formation en ligne, niveau 2"),
    ("COTIS26", "Adhésion annuelle 2026"),
    ("REPAS", "Repas de gala"),
    ("STAGE3", "Stage de printemps"),
    ("CERT", "Certificat"),
    ("EXT", "Extension « Local Shop »"),
)
PRICES = (3000, 6000, 9000, 10000, 12000, 14990, 22000, 24000, 33333, 64999, 114000, 198000)
ONE = (
    "exact", "typo", "typo2", "initial", "upper", "noaccent", "truncated", "swapped", "person_for_company",
    "fee_stripe", "late", "our_number", "our_number_spaced", "code", "code_cut",
)  # fmt: skip
NONE = ("same_amount_other_name", "same_name_last_year", "stranger", "relative", "same_amount_last_year")
NOT_ONE = (*NONE, "grouped")
