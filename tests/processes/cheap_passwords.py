"""`studium` where a password costs next to nothing. Run as a program by tests that try many of them."""

from studium.entrypoints.cli.app import main
from studium.kit.security.passwords import executor

if __name__ == "__main__":
    with executor.with_cost(memory_kib=8, passes=1):
        main()
