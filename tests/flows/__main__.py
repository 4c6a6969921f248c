"""``python -m tests.flows PAGES`` runs the sample; ``python -m tests.flows serve CRON`` serves it.

Apart from the sample, because Prefect sends a served flow to another process, which has to find it under its own name.
"""

from __future__ import annotations

import sys

from crawlers.settings import Settings
from flows import engine


def main() -> None:
    """See the module. Prefect is configured before it is imported, as the command line does it."""
    settings = Settings.load()
    if sys.argv[1] == "serve":
        from flows.schedule import serve
        from tests.flows.sample import sample

        serve(settings, sys.argv[2], flow=sample)
    else:
        engine.configure_prefect(settings)
        from tests.flows.sample import sample

        print("did", engine.run(sample, settings, int(sys.argv[1])), flush=True)


if __name__ == "__main__":
    main()
