"""Refuses migrations that would stop a shop that sells, or the version of before beside them; says how to mend them."""
