"""`python -m market_abm` is `market-abm`."""

from market_abm.cli import main

if __name__ == "__main__":
    main()
