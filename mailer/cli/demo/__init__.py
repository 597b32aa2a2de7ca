"""The demonstration: sample data, a built-in inbox, and the real engine between them.

1. A scratch folder gets a configuration and a database; the sample listing and the sample
   readers come in by the same importers as everybody's.
2. The inbox is an SMTP server on loopback; what it receives is kept as `.eml` files.
3. Update 120 is sent by the real sender over real SMTP.
4. With `--once` that is all; else the site is served, with the inbox as a page beside it.
"""
