"""The commands: parse input, call a room, show the answer. No rule lives here.

1. `main()` builds the command line and runs it; each file beside this one is one group of
   commands. What a command needs is imported when it runs, so that `--help` answers at once.
2. An error that a person can mend (`MailerError`) is one sentence on standard error, and its
   exit status: 1 failed, 2 wrong input. Anything else is a bug and keeps its traceback.
3. What was asked for goes to standard output (with `--json` as JSON), progress and remarks to
   standard error.
"""

import sys

from mailer.cli.ending import listen_early

# Imports take most of a second; a signal in it must end a process in order as well.
listen_early(sys.argv[1:])

from mailer.cli.app import main  # noqa: E402

__all__ = ["main"]
