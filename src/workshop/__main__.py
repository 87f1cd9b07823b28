"""`python -m workshop` is the same as `workshop`."""

import sys

from workshop.commands.cli import main

sys.exit(main())
