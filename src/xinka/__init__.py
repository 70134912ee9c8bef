"""Xinka: a self-hosted marketplace for digital goods."""

__version__ = "0.1.0"
