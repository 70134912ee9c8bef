"""Starts one of the two servers of a shop: ``python -m xinka.config.serve till`` or ``… web``."""

from __future__ import annotations

import sys
from importlib import import_module

from xinka.config.fitting import see_that_tables_fit

_SERVERS = {"till": "xinka.config.serve_till", "web": "xinka.config.serve_web"}


def main(name: str) -> None:
    """Serve until a signal says otherwise; each server is imported only by its own process."""
    see_that_tables_fit()
    import_module(_SERVERS[name]).main()


if __name__ == "__main__":
    main(sys.argv[1])
