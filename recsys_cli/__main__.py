"""Run the command line with ``python -m recsys_cli``."""

from recsys_cli.cli import main

if __name__ == "__main__":
    main(prog_name="recsys")
