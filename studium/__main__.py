"""The command `studium`, which is also `python -m studium`."""

import gc

from studium import GC_THRESHOLD

# Before anything else is imported: walking what imports make again and again would take a fifth of a start.
gc.set_threshold(GC_THRESHOLD)

from studium.entrypoints.cli.app import main  # noqa: E402 -- after the line above, which is for what this line does.

if __name__ == "__main__":
    main()
