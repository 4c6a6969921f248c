"""``python -m benchmarks.workers.ajar …`` is the command ``ajar``, whatever the path says."""

from __future__ import annotations

import sys

from interfaces.cli import main

if __name__ == "__main__":
    sys.exit(main())
