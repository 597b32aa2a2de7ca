"""Pages whose rules quarrel: few elements and properties, and everybody wants them."""

from random import Random

from tests.letter.inlining.comparing import Template

_SIMPLE = ("p", "div", ".a", ".b", ".a.b", "#i", "div p", "div > .a", "p.b", "p + p", "[title]")
_SIMPLE += ("body .b", "p:first-child", "p:not(.a)", "*", "div:nth-child(2n) .b", ".c .a", "td")
_STATES = ("p:hover", "p:lang(en)", "p:is(.a, #z)", "p:root", "div:empty + p", "p:only-of-type")
_VALUES = {
    "color": ("red", "green", "blue", "#123456", "nocolour"),
    "margin": ("1px", "2px 3px", "auto", "inherit"),
    "margin-top": ("4px", "5px"),
    "margin-left": ("6px", "-1px"),
    "padding": ("1px", "3px 4px 5px"),
    "padding-left": ("7px", "0"),
    "border": ("1px solid", "2px dashed red", "0"),
    "border-top": ("3px dotted blue", "none"),
    "border-color": ("green", "red blue"),
    "border-left-width": ("5px", "thick"),
    "font": ("12px/2 serif", "bold 14px sans-serif"),
    "font-size": ("10px", "120%", "1.5em"),
    "line-height": ("1", "30px"),
    "background": ("yellow", "none"),
    "background-color": ("silver", "#eee"),
    "text-align": ("left", "middle", "center"),
}
_CONDITIONS = ("(max-width: 480px)", "(prefers-color-scheme: dark)", "screen", "print", "all")
_BODY = """<div><p>1</p><p class="a">2</p><p class="b" title="t">3</p></div>
<div class="c"><p class="a b"{0}>4</p><p id="i" class="a"{1}>5</p><b class="b">6</b></div>
<p{2}>7</p><table><tr><td class="a">8<td class="b"{3}><p class="b">9</table><p class="a b c">10"""


def quarrel(seed: int) -> Template:
    """A page and its sheets, the same for the same seed."""
    dice = Random(seed)

    def declarations(most: int) -> str:
        said = []
        for _ in range(dice.randint(1, most)):
            name = dice.choice(list(_VALUES))
            important = " !important" if dice.random() < 0.15 else ""
            said.append(f"{name}: {dice.choice(_VALUES[name])}{important}")
        return "; ".join(said)

    def rule() -> str:
        pool = _STATES if dice.random() < 0.15 else _SIMPLE
        which = ", ".join(dice.choice(pool) for _ in range(dice.choice((1, 1, 1, 2))))
        return f"{which} {{ {declarations(3)} }}"

    def sheet() -> str:
        written = []
        for _ in range(dice.randint(2, 8)):
            if dice.random() < 0.3:
                inside = " ".join(rule() for _ in range(dice.randint(1, 3)))
                written.append(f"@media {dice.choice(_CONDITIONS)} {{ {inside} }}")
            else:
                written.append(rule())
        return "\n".join(written)

    styles = [f' style="{declarations(2)}"' if dice.random() < 0.3 else "" for _ in range(4)]
    head = f"<style>{sheet()}</style>" * (dice.random() < 0.5)
    return Template(
        f"quarrel {seed}",
        f'<!DOCTYPE html><html lang="en"><head><title>Q</title>{head}</head>'
        f"<body>{_BODY.format(*styles)}</body></html>",
        sheet(),
        sheet() if dice.random() < 0.3 else "",
    )
