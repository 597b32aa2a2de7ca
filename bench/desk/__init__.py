"""How long the desk's pages take, among a million readers and 200 issues.

1. `readers`, `issues` and `mailings` fill a database: readers as imports of two years brought them,
   issues with items, pictures and revisions, most of them sent, with their ledgers.
2. `addresses` says for each route of the desk what is asked of it; a route that it does not name
   ends the bench.
3. `serving` serves the desk and asks for each page as a browser does.
"""
