"""Inlining: styles out of style sheets and into the elements, without harm to either.

1. `tags` finds where tags stand in the page, `outline` what tree a browser makes of them.
2. `stylesheet` reads style sheets with a CSS parser, `selectors` what a selector asks for: which
   rules can be inlined, and which are kept.
3. `matching` asks premailer, or css-inline, which elements each selector reaches.
4. `cascade` decides who wins on each element, and what has to be important for that.
5. `inline` writes style attributes and kept style sheets into the page, and nothing else.
"""

from mailer.letter.inlining.inline import inline
from mailer.letter.inlining.matching import Inliner, require

__all__ = ["Inliner", "inline", "require"]
