"""The desk: where staff write, check and send, and look after readers.

1. `shell` is how a page of the desk is entered. Each route says which `staff.Act` it is; before
   its handler runs, the visitor's session, their role and, for what is posted, the form's origin
   and CSRF token are looked at. Whoever has been signed out finds what they typed again.
2. A handler parses what came, calls a room's functions in one transaction, and answers: a page
   for a GET; after a POST the way back to a page, or the same page with the errors in words.
3. `paper` renders the pages, in the language of whoever looks. Every page works without scripts;
   scripts are ES modules of our own under `templates/static/desk`.
4. One module for each thing that people do; `routes` puts them together.
"""
