"""How the templates of pages are read: escaped, strict, and compiled once for all languages."""

from zoneinfo import ZoneInfo

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket

from mailer.config import resource
from mailer.web.catalogue import Catalogue, install


def environment(folder: str, catalogue: Catalogue, zone: ZoneInfo) -> Environment:
    """The templates in `folder` of `templates/`, speaking the catalogue's language."""
    made = Environment(
        loader=FileSystemLoader(resource("templates") / folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_COMPILED,
    )
    install(made, catalogue, zone)
    return made


class _Compiled(BytecodeCache):
    """In memory, so that nobody else can put code there."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if code := self._code.get(bucket.key):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _Compiled()
