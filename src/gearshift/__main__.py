"""`python -m gearshift` is the `gearshift` command."""

from gearshift.cli.main import main

if __name__ == "__main__":
    main()
