"""The command `studium`, which is also `python -m studium`."""

import gc

# What imports make is no garbage: walking it again and again would take a fifth of a start.
gc.set_threshold(50_000)

from studium.cli import main  # noqa: E402 -- after the line above, which is for what this line does.

if __name__ == "__main__":
    main()
