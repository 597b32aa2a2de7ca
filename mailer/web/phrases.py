"""The fixed phrases of the public pages, by language.

To add a language: one table here, and one column in `mailer.letter`'s phrases.
"""

FALLBACK = "en"

PHRASES: dict[str, dict[str, str]] = {
    "en": {
        "skip": "Skip to the text",
        "menu": "Site",
        "news": "News",
        "archive_lead": "Everything we have published, newest first.",
        "archive_empty": "Nothing has been published here yet.",
        "newer": "← Newer",
        "older": "Older →",
        "turn": "More items",
        "read_on": "Read on: {title}",
        "read_at": "Read more at {host}",
        "issues": "Issues",
        "other_issues": "Other issues",
        "earlier_issues": "Earlier",
        "feed": "News feed (Atom)",
        "get": "Get the {publication}",
        "consent": "{organisation} sends you the {publication} by email until you leave, "
        "which takes one click.",
        "email": "Email address",
        "subscribe": "Subscribe",
        "subscribe_title": "Get our letters",
        "subscribe_lead": "We write to your mailbox first. Only when you confirm there do you "
        "get anything more.",
        "which": "Which one?",
        "look_at_this": "Please look at this",
        "error": "Error:",
        "no_address": "“{typed}” is no email address; write it like ana@example.org.",
        "address_missing": "Write your email address, like ana@example.org.",
        "publication_missing": "Choose what you want to get.",
        "asked_title": "Look into your mailbox",
        "asked": "If {address} can subscribe, we write to it now. When the letter comes, confirm "
        "within seven days; until then you get nothing else.",
        "asked_nothing_came": "Has nothing come after some minutes? Look among the junk mail, "
        "or write the address again.",
        "asked_again": "Write the address again",
        "confirm_title": "One more step",
        "confirm": "You asked for the {publication} of {organisation} at {mailbox}.",
        "confirm_button": "Yes, send me the {publication}",
        "confirmed_title": "Thank you",
        "confirmed": "From now on {mailbox} gets the {publication}.",
        "address_title": "Your new address",
        "address": "The letters of {organisation} that went to {mailbox} would come to this "
        "address from now on.",
        "address_button": "Yes, send my letters here",
        "address_done": "From now on your letters come to {mailbox}.",
        "address_gone": "This change of address is done already, or was taken back.",
        "address_expired": "It worked for seven days. Tell us your new address again, and a fresh "
        "one comes.",
        "confirm_refused_title": "This address gets no letters",
        "confirm_refused": "It was taken off our list for good, so we may not write to it. "
        "If that is wrong, please tell us by letter or telephone.",
        "to_choices": "See your choices",
        "to_archive": "Read what we have published",
        "expired_title": "This link is too old",
        "confirm_expired": "It worked for seven days. Subscribe again, and a fresh one comes.",
        "preferences_expired": "It worked for a year. We can send a fresh one to the mailbox "
        "that this one was sent to.",
        "fresh_button": "Send a fresh link",
        "fresh_title": "A fresh link is on its way",
        "fresh": "Look into the mailbox {mailbox}.",
        "choices_title": "Your choices",
        "choices_lead": "These are the choices of {mailbox}.",
        "name": "Name",
        "greeting": "Greeting",
        "greeting_help": "What comes after “Dear”, like “Ana and Tom”. May stay empty.",
        "language": "Language of these pages",
        "what_you_get": "What you get",
        "how": "The {publication} comes",
        "html": "with layout (HTML)",
        "text": "as plain text",
        "save": "Save",
        "saved": "Saved.",
        "not_saved": "Nothing was saved. {reason}",
        "leave_all_title": "Leave everything",
        "leave_all_help": "{mailbox} then gets no more letters from us at all.",
        "leave_all": "Leave everything",
        "left_all_title": "You have left",
        "left_all": "Nothing more is sent to {mailbox}.",
        "leave_title": "Leave the {publication}",
        "leave_help": "{mailbox} then gets the {publication} no more. It takes effect at once.",
        "leave": "Leave the {publication}",
        "left_title": "You have left the {publication}",
        "left": "Nothing more of it is sent to {mailbox}.",
        "subscribe_again": "Subscribe again",
        "gone_title": "Nothing is kept here",
        "gone": "Everything about the reader whom this link belonged to has been erased.",
        "test_title": "This was a test",
        "test": "This link came with a test letter. It works in real ones; here it changes "
        "nothing.",
        "not_found_title": "There is no such page",
        "not_found": "The address may be mistyped. A link from a letter works only whole: open it "
        "from the letter again.",
        "wrong_way_title": "That cannot be done here",
        "wrong_way": "This page does not take what was sent to it.",
        "too_much_title": "That was too much",
        "too_much": "What was sent is longer than any form here. Go back and try with less.",
        "broken_title": "Something went wrong",
        "broken": "The fault is ours, and it has been noted. Please try again in a while.",
        "down_title": "Not available at the moment",
        "down": "Our database does not answer. Please try again in a minute.",
    },
    "es": {
        "skip": "Ir al texto",
        "menu": "Sitio",
        "news": "Noticias",
        "archive_lead": "Todo lo que hemos publicado; lo más nuevo, primero.",
        "archive_empty": "Aquí todavía no se ha publicado nada.",
        "newer": "← Más nuevos",
        "older": "Más antiguos →",
        "turn": "Más artículos",
        "read_on": "Seguir leyendo: {title}",
        "read_at": "Leer más en {host}",
        "issues": "Números",
        "other_issues": "Otros números",
        "earlier_issues": "Anteriores",
        "feed": "Canal de noticias (Atom)",
        "get": "Reciba «{publication}»",
        "consent": "{organisation} le envía «{publication}» por correo electrónico hasta que se dé "
        "de baja, con un solo clic.",
        "email": "Correo electrónico",
        "subscribe": "Suscribirse",
        "subscribe_title": "Reciba nuestros correos",
        "subscribe_lead": "Primero le escribimos a su buzón. Solo si confirma allí, recibirá "
        "algo más.",
        "which": "¿Cuál?",
        "look_at_this": "Revise esto, por favor",
        "error": "Error:",
        "no_address": "«{typed}» no es un correo electrónico; escríbalo como ana@example.org.",
        "address_missing": "Escriba su correo electrónico, como ana@example.org.",
        "publication_missing": "Elija lo que quiere recibir.",
        "asked_title": "Mire en su buzón",
        "asked": "Si {address} puede suscribirse, le escribimos ahora. Cuando llegue el correo, "
        "confirme antes de siete días; hasta entonces no recibirá nada más.",
        "asked_nothing_came": "¿No ha llegado nada en unos minutos? Busque en el correo no "
        "deseado o escriba la dirección otra vez.",
        "asked_again": "Escribir la dirección otra vez",
        "confirm_title": "Falta un paso",
        "confirm": "Pidió recibir «{publication}» de {organisation} en {mailbox}.",
        "confirm_button": "Sí, quiero recibir «{publication}»",
        "confirmed_title": "Gracias",
        "confirmed": "Desde ahora {mailbox} recibe «{publication}».",
        "address_title": "Su nueva dirección",
        "address": "Los correos de {organisation} que llegaban a {mailbox} llegarían desde ahora a "
        "esta dirección.",
        "address_button": "Sí, envíenme aquí los correos",
        "address_done": "Desde ahora sus correos llegan a {mailbox}.",
        "address_gone": "Este cambio de dirección ya está hecho o se retiró.",
        "address_expired": "Sirvió durante siete días. Díganos otra vez su nueva dirección y "
        "recibirá uno nuevo.",
        "confirm_refused_title": "Esta dirección no recibe correos",
        "confirm_refused": "Se retiró definitivamente de nuestra lista y no podemos escribirle. "
        "Si es un error, díganoslo por carta o teléfono.",
        "to_choices": "Ver sus preferencias",
        "to_archive": "Leer lo publicado",
        "expired_title": "Este enlace es demasiado antiguo",
        "confirm_expired": "Sirvió durante siete días. Suscríbase otra vez y recibirá uno nuevo.",
        "preferences_expired": "Sirvió durante un año. Podemos enviar uno nuevo al buzón al que "
        "se envió este.",
        "fresh_button": "Enviar un enlace nuevo",
        "fresh_title": "Un enlace nuevo va en camino",
        "fresh": "Mire en el buzón {mailbox}.",
        "choices_title": "Sus preferencias",
        "choices_lead": "Son las preferencias de {mailbox}.",
        "name": "Nombre",
        "greeting": "Saludo",
        "greeting_help": "Lo que sigue a «Hola», como «Ana y Tomás». Puede quedar vacío.",
        "language": "Idioma de estas páginas",
        "what_you_get": "Lo que recibe",
        "how": "«{publication}» llega",
        "html": "con diseño (HTML)",
        "text": "como texto sencillo",
        "save": "Guardar",
        "saved": "Guardado.",
        "not_saved": "No se guardó nada. {reason}",
        "leave_all_title": "Darse de baja de todo",
        "leave_all_help": "{mailbox} no recibirá ningún otro correo nuestro.",
        "leave_all": "Darse de baja de todo",
        "left_all_title": "Se ha dado de baja",
        "left_all": "No se enviará nada más a {mailbox}.",
        "leave_title": "Darse de baja de «{publication}»",
        "leave_help": "{mailbox} no recibirá más correos de «{publication}». Tiene efecto "
        "inmediato.",
        "leave": "Darse de baja de «{publication}»",
        "left_title": "Se ha dado de baja de «{publication}»",
        "left": "No se enviará nada más a {mailbox}.",
        "subscribe_again": "Suscribirse otra vez",
        "gone_title": "Aquí no se guarda nada",
        "gone": "Se ha borrado todo sobre la persona a quien pertenecía este enlace.",
        "test_title": "Era una prueba",
        "test": "Este enlace vino con un correo de prueba. En los verdaderos funciona; aquí no "
        "cambia nada.",
        "not_found_title": "Esta página no existe",
        "not_found": "Quizá la dirección esté mal escrita. Un enlace de un correo solo funciona "
        "entero: ábralo otra vez desde el correo.",
        "wrong_way_title": "Eso no se puede hacer aquí",
        "wrong_way": "Esta página no acepta lo que se le envió.",
        "too_much_title": "Era demasiado",
        "too_much": "Lo que se envió es más largo que cualquier formulario de aquí. Vuelva atrás "
        "y pruebe con menos.",
        "broken_title": "Algo salió mal",
        "broken": "La culpa es nuestra y queda anotado. Vuelva a intentarlo dentro de un rato.",
        "down_title": "Ahora no está disponible",
        "down": "Nuestra base de datos no responde. Vuelva a intentarlo en un minuto.",
    },
}

LANGUAGES = {"en": "English", "es": "Español"}
"""The languages of our phrases, each in its own words."""


def spoken(language: str) -> str:
    """The language of the table that serves `language` ("es-PE" → "es"), else English."""
    primary = language.partition("-")[0].lower()
    return primary if primary in PHRASES else FALLBACK


def say(language: str, phrase: str, **words: object) -> str:
    """One fixed phrase in `language`, with its words put in."""
    return PHRASES[spoken(language)][phrase].format(**words)


def consent(language: str, organisation: str, publication: str) -> str:
    """What a form says that subscribing means; kept with each consent that it brings."""
    return say(language, "consent", organisation=organisation, publication=publication)
