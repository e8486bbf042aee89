"""`python -m studium` is the command line."""

from studium.cli import main

main()
