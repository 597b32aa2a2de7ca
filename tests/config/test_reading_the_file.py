"""What a configuration file says is taken, or refused in a sentence that names file and key."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from mailer.config import Mail, load
from mailer.errors import WrongInput
from mailer.letter import parse_mailbox
from mailer.letter.plain import one_line
from tests.config.files import TEXT, changed, read, refusal

URL = 'url = "http://127.0.0.1:8000"'
FROM = 'from = "PSG Updates <updates@psg.example>"'
BOUNCES = 'bounce_address = "bounces@psg.example"'
RELAY = 'host = "127.0.0.1"'


def test_what_stands_there_and_the_defaults() -> None:
    config = read()
    assert config.organisation.name == "Peru Support Group"
    assert config.organisation.zone.key == "Europe/London"
    assert (config.site.listen_host, config.site.listen_port) == ("127.0.0.1", 8000)
    assert (config.site.host, config.site.path, config.site.on_loopback) == ("127.0.0.1", "", True)
    assert config.mail.from_ == "PSG Updates <updates@psg.example>"
    assert (config.relay[0].host, config.relay[0].connections) == ("127.0.0.1", 4)
    assert config.relay[0].messages_per_connection == 1000


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        (changed('language = "en"', 'langauge = "en"'), "organisation.langauge", "no such key"),
        (f"{TEXT}\n[organization]\n", "organization", "no such key"),
        (changed('name = "Peru Support Group"\n', ""), "organisation.name", "missing"),
        (TEXT.partition("[mail]")[0], "mail", "missing"),
        (TEXT.partition("[[relay]]")[0], "relay", "missing"),
        ("relay = []\n" + TEXT.partition("[[relay]]")[0], "relay", "[[relay]]"),
        (changed("[[relay]]", "[relay]"), "relay", "two brackets"),
        ("delivery = 3\n" + TEXT, "delivery", "section"),
        (changed('name = "Peru Support Group"', 'name = ""'), "organisation.name", "empty"),
        (changed("Peru Support Group", "Peru\\nGroup"), "organisation.name", "line break"),
        (changed('"Europe/London"', "3"), "organisation.timezone", "string"),
        (changed('"Europe/London"', '"Europe/Lodnon"'), "organisation.timezone", "no time zone"),
        (changed('"Europe/London"', '"Europe"'), "organisation.timezone", "no time zone"),
        (changed('"Europe/London"', '"../etc"'), "organisation.timezone", "no time zone"),
        (changed('language = "en"', 'language = "fr"'), "organisation.language", "'es'"),
        (changed("[site]", 'accent = "red"\n[site]'), "organisation.accent", "#1F4E79"),
        (changed('listen = "127.0.0.1:8000"', 'listen = "8000"'), "site.listen", "host and port"),
        (changed('listen = "127.0.0.1:8000"', 'listen = "h:0"'), "site.listen", "host and port"),
        (changed("a-key-for-tests-only-0123456789abcdef", "short"), "site.secret_key", "32"),
        (changed("[database]", 'old_secret_keys = [""]\n[database]'), "old_secret_keys.0", "32"),
        (changed("[database]", 'trusted_proxies = "::1"\n[database]'), "trusted_proxies", "list"),
        (changed("[database]", 'trusted_proxies = ["x"]\n[database]'), "trusted_proxies", "'x'"),
        (changed("sqlite:///mailer.db", "mysql://db"), "database.url", "postgresql://"),
        (changed("sqlite:///mailer.db", "sqlite:///"), "database.url", "sqlite:///mailer.db"),
        (changed("sqlite:///mailer.db", "sqlite:///a?b=c"), "database.url", "sqlite:///mailer.db"),
        (changed(FROM, 'from = "PSG Updates"'), "mail.from", "write an address"),
        (changed(FROM, 'from = "PSG <josé@psg.example>"'), "mail.from", "plain ASCII"),
        (changed(FROM, f'{FROM}\nreply_to = "josé@psg.example"'), "mail.reply_to", "plain ASCII"),
        (changed(FROM, 'from = "a@b.example, c@d.example"'), "mail.from", "write an address"),
        (changed(FROM, f'{FROM}\nreply_to = "<office>"'), "mail.reply_to", "write an address"),
        (changed(FROM, 'from = "a@b.example\\nBcc: c@d.example"'), "mail.from", "line break"),
        (changed(FROM, f'{FROM}\nmessage_id_domain = "a b"'), "message_id_domain", "a domain"),
        (changed(BOUNCES, 'bounce_address = "bounces"'), "mail.bounce_address", "write an address"),
        (changed(BOUNCES, 'bounce_address = "a@b@c.example"'), "bounce_address", "an address"),
        (changed(BOUNCES, 'bounce_address = "<a@b.example>"'), "bounce_address", "an address"),
        (changed("port = 2525", "port = 0"), "relay.0.port", "greater"),
        (changed("port = 2525", 'port = "2525"'), "relay.0.port", "integer"),
        (changed("port = 2525", "port = true"), "relay.0.port", "integer"),
        (changed('security = "none"', 'security = "ssl"'), "relay.0.security", "'starttls'"),
        (f'{TEXT}username = "u"\n', "relay.0", "go together"),
        (f'{TEXT}helo = "a b"\n', "relay.0.helo", "write a name"),
        (f'{TEXT}helo = "ñandú.example"\n', "relay.0.helo", "write a name"),
        (f"{TEXT}[delivery]\nlease = 60\n", "delivery.lease", '"60s"'),
        (f'{TEXT}[delivery]\nlease = "1s"\n', "delivery.lease", "2s"),
        (f'{TEXT}[pace]\nretry_first = "soon"\n', "pace.retry_first", '"5m"'),
        (f'{TEXT}[pace]\ngive_up = "99ms"\n', "pace.give_up", "100ms"),
        (f'{TEXT}[log]\nlevel = "loud"\n', "log.level", "'debug'"),
    ],
)
def test_what_is_wrong_is_named(text: str, key: str, words: str) -> None:
    sentence = refusal(text)
    assert sentence.startswith("The configuration /site/config.toml is wrong at ")
    assert f"{key}: " in sentence
    assert words in sentence
    assert "item" not in sentence


def test_several_things_wrong_are_named_together() -> None:
    sentence = refusal("[site]\n")
    assert sentence.count("this key is missing") == 3


@pytest.mark.parametrize("toml", ["[site\n", f"{TEXT}\n[site]\nx = 1\n", "port = \n", "\0"])
def test_what_is_no_toml_names_the_file_and_the_place(toml: str) -> None:
    sentence = refusal(toml)
    assert sentence.startswith("The configuration /site/config.toml is not TOML: ")
    assert "line" in sentence


@pytest.mark.parametrize(
    "url",
    [
        "updates.example.org",
        "ftp://updates.example.org",
        "https://",
        "https://x.example/?a=1",
        "https://x.example/#a",
        "https://x.example:0",
        "https://x.example:99999",
        "https://x.example:port",
        "https://[::1",
        "https://ana:secret@x.example",
        "https://x example",
        "https://x.example/\\n",
        'https://x.example/\\"><b>',
        "https://ñandú.example",
    ],
)
def test_a_site_without_an_address_for_links_is_refused(url: str) -> None:
    assert "site.url: " in refusal(changed(URL, f'url = "{url}"'))


@pytest.mark.parametrize("url", ["", "/pages/why-join/", "https://join.example/?from=letter"])
def test_where_one_becomes_a_member(url: str) -> None:
    config = read(TEXT.replace("[site]", f'join_url = "{url}"\n[site]'))
    assert config.organisation.join_url == url


@pytest.mark.parametrize(
    "url", ["why-join", "//join.example", "http://join.example", "javascript:x", "/a b", "/a\\n"]
)
def test_what_leads_to_no_page_to_join_is_refused(url: str) -> None:
    assert "organisation.join_url: " in refusal(
        TEXT.replace("[site]", f'join_url = "{url}"\n[site]')
    )


@pytest.mark.parametrize(
    ("url", "host", "path", "loopback"),
    [
        ("https://updates.example.org", "updates.example.org", "", False),
        ("https://example.org/news/", "example.org", "/news", False),
        ("http://localhost:8000/", "localhost", "", True),
        ("http://a.localhost", "a.localhost", "", True),
        ("http://127.3.2.1", "127.3.2.1", "", True),
        ("http://[::1]:8000", "::1", "", True),
        ("http://10.0.0.1", "10.0.0.1", "", False),
        ("http://localhost.example.org", "localhost.example.org", "", False),
    ],
)
def test_where_the_site_stands(url: str, host: str, path: str, loopback: bool) -> None:
    site = read(changed(URL, f'url = "{url}"')).site
    assert (site.url, site.host, site.path) == (url.rstrip("/"), host, path)
    assert site.on_loopback is loopback


@pytest.mark.parametrize(
    ("host", "clear"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("192.168.7.7", True),
        ("relay", True),
        ("relay.internal", True),
        ("smtp.example.org", False),
        ("8.8.8.8", False),
        ("2001:4860:4860::8888", False),
    ],
)
def test_letters_go_in_clear_only_where_nobody_else_listens(host: str, clear: bool) -> None:
    text = changed(RELAY, f'host = "{host}"')
    if clear:
        assert read(text).relay[0].host == host
    else:
        assert 'relay.0: security "none" is for loopback' in refusal(text)
        assert read(text.replace('"none"', '"starttls"')).relay[0].security == "starttls"


def test_a_bounce_address_leaves_room_for_the_token() -> None:
    longest, longer = ("b" * length + "@psg.example" for length in (39, 40))
    assert read(changed(BOUNCES, f'bounce_address = "{longest}"')).mail.bounce_address == longest
    text = changed(BOUNCES, f'bounce_address = "{longer}"')
    assert " at mail.bounce_address: " in refusal(text)
    assert read(text.replace("[mail]", "[mail]\nverp = false")).mail.bounce_address == longer


@given(
    st.one_of(
        st.text(st.sampled_from('a@.<>" ,;:\\()ñ'), max_size=12),
        st.builds("{}<{}>{}".format, *(st.text(st.sampled_from('a@ "\\<'), max_size=6),) * 3),
    )
)
@example('"Quispe, \\"Ana\\"" <ana@example.org>')
@example('A" <a@b>')
def test_a_sender_is_taken_here_where_the_letter_takes_it(sender: str) -> None:
    try:
        taken = parse_mailbox(sender).address.rpartition("@")[0].isascii()
    except WrongInput:
        taken = False
    if not taken:
        assert "mail.from" in refusal(environ={"MAILER_MAIL__FROM": sender})
    else:
        assert read(environ={"MAILER_MAIL__FROM": sender}).mail.from_ == sender


LINES = {
    "organisation.name": "MAILER_ORGANISATION__NAME",
    "site.listen": "MAILER_SITE__LISTEN",
    "mail.from": "MAILER_MAIL__FROM",
    "mail.reply_to": "MAILER_MAIL__REPLY_TO",
    "mail.bounce_address": "MAILER_MAIL__BOUNCE_ADDRESS",
    "mail.message_id_domain": "MAILER_MAIL__MESSAGE_ID_DOMAIN",
    "relay.0.host": "MAILER_RELAY__0__HOST",
    "relay.0.username": "MAILER_RELAY__0__USERNAME",
    "relay.0.password": "MAILER_RELAY__0__PASSWORD",
    "relay.0.helo": "MAILER_RELAY__0__HELO",
}


@given(st.characters(codec="utf-8"))
@example("\x85")
@example("\u2028")
@example("\x7f")
@example("\t")
def test_what_a_letter_takes_out_of_a_line_is_refused_here(character: str) -> None:
    name = f"A{character}B"
    if one_line(name) == name:
        assert read(environ={"MAILER_ORGANISATION__NAME": name}).organisation.name == name
        return
    for key, variable in LINES.items():
        sentence = refusal(environ={variable: f"A{character}B <a@b.example>"})
        assert f"at {key} " in sentence
        assert "control character" in sentence


def test_half_a_character_is_refused_in_a_line() -> None:
    # No file or variable can hold one; whoever makes a configuration in code can.
    mail = {"from": "A\ud800B <a@b.example>", "bounce_address": "b@b.example"}
    with pytest.raises(ValidationError, match="control character"):
        Mail.model_validate(mail)


@given(st.characters(codec="utf-8"))
@example("\x85")
@example("\r")
def test_a_postal_address_is_plain_lines(character: str) -> None:
    environ = {"MAILER_ORGANISATION__ADDRESS": f"1 Street{character}London"}
    if character not in "\r\n\t" and one_line(character) != character:
        assert "at organisation.address " in refusal(environ=environ)
    else:
        assert character in read(environ=environ).organisation.address


@pytest.mark.parametrize(
    "name", ["mailer.example.org", "mail_1", "[192.0.2.1]", "[IPv6:2001:db8::1]"]
)
def test_a_name_to_greet_relays_with(name: str) -> None:
    assert read(f'{TEXT}helo = "{name}"\n').relay[0].helo == name


def test_paths_belong_to_the_folder_of_the_file() -> None:
    text = TEXT.replace("[site]", 'logo = "logo.svg"\n[site]') + 'ca_file = "../ca.pem"\n'
    config = read(text)
    assert config.database.url == "sqlite:////site/mailer.db"
    assert config.organisation.logo == Path("/site/logo.svg")
    assert config.relay[0].ca_file == Path("/site/../ca.pem")
    absolute = read(changed("sqlite:///mailer.db", "sqlite:////var/lib/mailer.db"))
    assert absolute.database.url == "sqlite:////var/lib/mailer.db"


def test_the_file_that_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WrongInput, match=r"no configuration at config\.toml; run `mailer init`"):
        load(None, {})
    for name in ("config", "other", "named"):
        Path(f"{name}.toml").write_text(changed("Peru Support Group", name))
    environ = {"MAILER_CONFIG": "other.toml"}
    assert load(None, {}).organisation.name == "config"
    assert load(None, environ).organisation.name == "other"
    assert load(Path("named.toml"), environ).organisation.name == "named"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (TEXT.replace("[site]", 'logo = "no-such.png"\n[site]'), "organisation.logo"),
        (TEXT + 'ca_file = "no-such.pem"\n', "relay.0.ca_file"),
        (TEXT.replace("[[relay]]", 'themes = "no-such"\n[[relay]]'), "mail.themes"),
    ],
)
def test_a_file_that_a_key_names_must_be_there(tmp_path: Path, text: str, key: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(WrongInput, match=rf"wrong at {key}: there is no (file|folder) .*no-such"):
        load(path, {})


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(TEXT, encoding="utf-8-sig")
    assert load(path, {}).relay[0].port == 2525


def test_what_is_nested_without_end_is_no_toml() -> None:
    assert "nested too deep" in refusal("a = " + "[" * 5000)


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "config.toml"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(WrongInput, match=r"config\.toml (cannot be read: |is not UTF-8).*\.$"):
        load(path, {})
