"""Lets ``python -m xinka.config.cli`` be the ``xinka`` command where its start script is not on the path."""

from __future__ import annotations

from xinka.config.cli import main

main(prog_name="xinka")
