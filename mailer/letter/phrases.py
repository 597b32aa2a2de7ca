"""The fixed phrases of a letter, and its dates, by language.

To add a language: one column here, one in `MONTHS` and one in `LONG_DATE`.
"""

from datetime import date

FALLBACK = "en"

PHRASES: dict[str, dict[str, str]] = {
    "en": {
        "dear": "Dear {greeting},",
        "reader": "reader",
        "contents": "In this letter",
        "read_on": "Read on: {title}",
        "for_members": "For members",
        "members_one": "There is one more item, for members.",
        "members_other": "There are {count} more items, for members.",
        "join": "Join {organisation}, or renew your membership",
        "why": "You get this letter because you subscribe to {publication} from {organisation}.",
        "unsubscribe": "Unsubscribe from {publication}",
        "preferences": "Change what you get",
        "browser": "View this letter in your browser",
        "archive": "This and earlier issues on our site",
        "picture": "Picture: {words}",
        "picture_unnamed": "Picture",
        "notes": "Notes",
        "note": "note {number}",
    },
    "es": {
        "dear": "Hola, {greeting}:",
        "reader": "lectora o lector",
        "contents": "En esta carta",
        "read_on": "Seguir leyendo: {title}",
        "for_members": "Para miembros",
        "members_one": "Hay un artículo más, para miembros.",
        "members_other": "Hay {count} artículos más, para miembros.",
        "join": "Hágase miembro de {organisation}, o renueve",
        "why": "Recibe esta carta porque tiene una suscripción a {publication} de {organisation}.",
        "unsubscribe": "Darse de baja de {publication}",
        "preferences": "Cambiar lo que recibe",
        "browser": "Ver esta carta en el navegador",
        "archive": "Este número y los anteriores en nuestro sitio",
        "picture": "Imagen: {words}",
        "picture_unnamed": "Imagen",
        "notes": "Notas",
        "note": "nota {number}",
    },
}

MONTHS: dict[str, tuple[str, ...]] = {
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    "es": (
        *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
        *("julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
    ),
}

LONG_DATE = {"en": "{day} {month} {year}", "es": "{day} de {month} de {year}"}

RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


def has_phrases(language: str) -> bool:
    """Whether `language` ("es-PE" counts as "es") has a column in the table."""
    return primary(language) in PHRASES


def spoken(language: str) -> str:
    """The language of the table that serves `language` ("es-PE" → "es"), else English."""
    alone = primary(language)
    return alone if alone in PHRASES else FALLBACK


def say(language: str, phrase: str, **words: object) -> str:
    """One fixed phrase in `language`, with its words put in."""
    return PHRASES[spoken(language)][phrase].format(**words)


def long_date(day: date, language: str) -> str:
    """A civil date in words: "31 March 2007", "31 de marzo de 2007"."""
    served = spoken(language)
    return LONG_DATE[served].format(day=day.day, month=MONTHS[served][day.month - 1], year=day.year)


def direction(language: str) -> str:
    """The value of HTML's `dir` for `language`."""
    return "rtl" if primary(language) in RIGHT_TO_LEFT else "ltr"


def primary(language: str) -> str:
    """The language without its country: "es-PE" → "es"."""
    return language.replace("_", "-").partition("-")[0].lower()
