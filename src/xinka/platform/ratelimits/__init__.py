"""Rate limits: how often something may be tried, counted in PostgreSQL so that all processes and machines agree."""
