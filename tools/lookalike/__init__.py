"""Builds the tables of ``xinka.engines.lookalike``, see ``__main__``."""
