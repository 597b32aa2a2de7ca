"""What the delivery of an issue costs, from `mailer issues send` to the relay's last answer.

1. `sites` makes a site with `mailer`'s own commands: an issue whose letter has 33 KB, and readers.
   Each mailing gets a fresh copy of it.
2. `relay` compiles a relay that takes everything (`sink.c`), and asks it what it counted.
3. `mailing` starts `mailer work` and `mailer issues send` as processes, and watches from outside:
   nothing here knows how the engine works inside.
4. `smtp_source` sends messages of the same size to the same relay, before and after: the
   machine's own measure. `report` makes ratios and a table of it.
5. `parts` measures by itself what the engine is made of.

Run: python -m bench.delivery, from the folder above; --help names the options.
"""
