"""`python -m producer_sim`."""

import sys

from producer_sim.cli import main

if __name__ == "__main__":
    sys.exit(main())
