"""`python -m consumer.coils`."""

import sys

from consumer.coils.cli import main

sys.exit(main())
