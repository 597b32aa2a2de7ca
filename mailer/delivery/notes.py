"""The words of the short letters that other rooms have due, by name and language."""

from dataclasses import dataclass

from mailer.errors import WrongInput
from mailer.letter import NoteLetter, Organisation
from mailer.sentence import Sentence, shown


@dataclass(frozen=True, slots=True)
class _Note:
    subject: str
    heading: str
    paragraphs: tuple[str, ...]
    action: str
    reason: str


OF_COLLEAGUES = frozenset({"colleague", "title", "written"})
"""The merge fields of letters about approval: who did it, to what, and what they wrote to it."""

NOTES = {
    ("confirmation", "en"): _Note(
        subject="Please confirm: letters from {organisation}",
        heading="One more step",
        paragraphs=(
            "Somebody, we hope you, asked us to send letters to this address.",
            "Press the button and then confirm on the page that opens. It works for seven days.",
            "If it was not you, do nothing: without your word we send nothing more.",
        ),
        action="Yes, send me the letters",
        reason="You get this once because this address was entered on our site.",
    ),
    ("confirmation", "es"): _Note(
        subject="Confirme, por favor: correos de {organisation}",
        heading="Falta un paso",
        paragraphs=(
            "Alguien, esperamos que usted, nos pidió enviar correos a esta dirección.",
            "Pulse el botón y confirme en la página que se abre. Sirve durante siete días.",
            "Si no fue usted, no haga nada: sin su confirmación no enviaremos nada más.",
        ),
        action="Sí, quiero recibirlos",
        reason="Recibe esto una sola vez porque esta dirección se escribió en nuestro sitio.",
    ),
    ("new address", "en"): _Note(
        subject="Is this your address? {organisation} asks",
        heading="Your letters, at this address",
        paragraphs=(
            "We were told that letters for one of our readers should come here from now on.",
            "Press the button and then confirm on the page that opens. It works for seven days.",
            "If it was not you, do nothing: without your word we send nothing more here.",
        ),
        action="Yes, send my letters here",
        reason="You get this once because this address was given to us as a reader's new one.",
    ),
    ("new address", "es"): _Note(
        subject="¿Es esta su dirección? {organisation} pregunta",
        heading="Sus correos, en esta dirección",
        paragraphs=(
            "Nos dijeron que los correos de un lector nuestro deben llegar aquí desde ahora.",
            "Pulse el botón y confirme en la página que se abre. Sirve durante siete días.",
            "Si no fue usted, no haga nada: sin su confirmación no enviaremos nada más aquí.",
        ),
        action="Sí, envíenme aquí los correos",
        reason="Recibe esto una sola vez porque nos dieron esta dirección como nueva de un lector.",
    ),
    ("fresh link", "en"): _Note(
        subject="Your link to {organisation}",
        heading="Here is a fresh link",
        paragraphs=(
            "The link that you opened was too old, and you asked for a new one.",
            "It leads to your choices: what you get, how, and leaving.",
        ),
        action="See my choices",
        reason="You get this once because you asked for it on our site.",
    ),
    ("fresh link", "es"): _Note(
        subject="Su enlace a {organisation}",
        heading="Aquí tiene un enlace nuevo",
        paragraphs=(
            "El enlace que abrió era demasiado antiguo y pidió uno nuevo.",
            "Lleva a sus preferencias: qué recibe, cómo, y la baja.",
        ),
        action="Ver mis preferencias",
        reason="Recibe este mensaje una sola vez porque lo pidió en nuestro sitio.",
    ),
    ("invitation", "en"): _Note(
        subject="Come and work with us on our letters: {organisation}",
        heading="You are invited",
        paragraphs=(
            "You are asked to work on the letters of our organisation.",
            "Press the button and choose a name and a password. It works for seven days, once.",
            "If you do not know what this is about, do nothing: nobody can use your address.",
        ),
        action="Accept the invitation",
        reason="You get this because somebody who works on these letters entered your address.",
    ),
    ("invitation", "es"): _Note(
        subject="Trabaje con nosotros en los correos de {organisation}",
        heading="Tiene una invitación",
        paragraphs=(
            "Le invitamos a trabajar en los correos de nuestra organización.",
            "Pulse el botón y elija un nombre y una contraseña. Sirve durante siete días, una vez.",
            "Si no sabe de qué se trata, no haga nada: nadie puede usar su dirección.",
        ),
        action="Aceptar la invitación",
        reason="Recibe esto porque alguien que trabaja en estos correos escribió su dirección.",
    ),
    ("reset", "en"): _Note(
        subject="A new password for the desk of {organisation}",
        heading="Choose a new password",
        paragraphs=(
            "Somebody, we hope you, asked for a new password at the desk.",
            "Press the button and choose one. It works for an hour, once.",
            "If it was not you, do nothing: your password stays as it is.",
        ),
        action="Choose a new password",
        reason="You get this because this address has an account at our desk.",
    ),
    ("reset", "es"): _Note(
        subject="Contraseña nueva para la mesa de redacción de {organisation}",
        heading="Elija una contraseña nueva",
        paragraphs=(
            "Alguien, esperamos que usted, pidió una contraseña nueva para la mesa de redacción.",
            "Pulse el botón y elíjala. Sirve durante una hora, una sola vez.",
            "Si no fue usted, no haga nada: su contraseña sigue siendo la misma.",
        ),
        action="Elegir una contraseña nueva",
        reason="Recibe esto porque esta dirección tiene una cuenta en nuestra mesa de redacción.",
    ),
    ("approval asked", "en"): _Note(
        subject="To approve at the desk of {organisation}",
        heading="Somebody waits for your word",
        paragraphs=(
            "{{ colleague }} asks that “{{ title }}” be approved before it is sent.",
            "What they wrote to it: {{ written | nothing }}",
            "Read it as it stands, and approve it or send it back.",
        ),
        action="Read it at the desk",
        reason="You get this because you may approve what is sent from our desk.",
    ),
    ("approval asked", "es"): _Note(
        subject="Para aprobar en la mesa de redacción de {organisation}",
        heading="Esperan su visto bueno",
        paragraphs=(
            "{{ colleague }} pide que se apruebe “{{ title }}” antes de su envío.",
            "Lo que escribió al pedirlo: {{ written | nada }}",
            "Léalo tal como está, y apruébelo o devuélvalo.",
        ),
        action="Leerlo en la mesa de redacción",
        reason="Recibe esto porque puede aprobar lo que se envía desde nuestra mesa de redacción.",
    ),
    ("approval approved", "en"): _Note(
        subject="Approved at the desk of {organisation}",
        heading="It is approved",
        paragraphs=(
            "{{ colleague }} has approved “{{ title }}”. It can be sent.",
            "What they wrote to it: {{ written | nothing }}",
        ),
        action="See it at the desk",
        reason="You get this because you asked for approval at our desk.",
    ),
    ("approval approved", "es"): _Note(
        subject="Aprobado en la mesa de redacción de {organisation}",
        heading="Está aprobado",
        paragraphs=(
            "{{ colleague }} aprobó “{{ title }}”. Ya se puede enviar.",
            "Lo que escribió al aprobarlo: {{ written | nada }}",
        ),
        action="Verlo en la mesa de redacción",
        reason="Recibe esto porque pidió una aprobación en nuestra mesa de redacción.",
    ),
    ("approval returned", "en"): _Note(
        subject="Sent back at the desk of {organisation}",
        heading="Something is to be mended",
        paragraphs=(
            "{{ colleague }} has sent “{{ title }}” back, with these words:",
            "{{ written | nothing }}",
            "Once it is mended, ask for approval again.",
        ),
        action="Mend it at the desk",
        reason="You get this because you asked for approval at our desk.",
    ),
    ("approval returned", "es"): _Note(
        subject="Devuelto en la mesa de redacción de {organisation}",
        heading="Hay algo que corregir",
        paragraphs=(
            "{{ colleague }} devolvió “{{ title }}” con estas palabras:",
            "{{ written | nada }}",
            "Cuando esté corregido, pida la aprobación otra vez.",
        ),
        action="Corregirlo en la mesa de redacción",
        reason="Recibe esto porque pidió una aprobación en nuestra mesa de redacción.",
    ),
}


def note_letter(name: str, language: str, organisation: Organisation) -> NoteLetter:
    """The note of this name in `language`, or in English where it is not written in that one."""
    note = NOTES.get((name, language)) or NOTES.get((name, "en"))
    if note is None:
        raise WrongInput(Sentence("There are no words for a letter “{name}”.", name=shown(name)))
    written = language if (name, language) in NOTES else "en"
    return NoteLetter(
        subject=note.subject.format(organisation=organisation.name),
        heading=note.heading,
        language=written,
        paragraphs=note.paragraphs,
        action_label=note.action,
        organisation=organisation,
        reason=note.reason,
    )
