"""Finds what must not be sold or said in listings and talk, however it is spelled, and says why."""
