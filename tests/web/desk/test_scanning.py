"""The picture that puts a key into a telephone."""

import re

import segno
from markupsafe import Markup

from mailer.web.desk import qr


def test_the_picture_is_what_a_camera_reads() -> None:
    content = "otpauth://totp/PSG:ana@psg.example?secret=ABCDEFGHIJKLMNOP&issuer=PSG"
    drawn = qr.picture(content)
    assert isinstance(drawn, Markup)
    wanted = [bytearray(row) for row in segno.make(content, error="l", micro=False).matrix]
    size = len(wanted) + 8
    assert f'viewBox="0 0 {size} {size}"' in drawn
    found = [bytearray(size) for _ in range(size)]
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", drawn):
        for at in range(int(x), int(x) + int(length)):
            found[int(y)][at] = 1
    assert [row[4:-4] for row in found[4:-4]] == wanted
    assert not any(map(any, (*found[:4], *found[-4:], *(row[:4] + row[-4:] for row in found))))
