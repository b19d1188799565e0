"""``python -m cli``: the command line, also where no ``easel`` is installed."""

from cli.app import main

if __name__ == "__main__":
    main()
