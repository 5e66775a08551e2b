"""`python -m ocrdata` and the console script."""

from .cli import app


def main() -> None:
    """Run the command line."""
    app(prog_name="ocrdata")


if __name__ == "__main__":
    main()
