"""A shop that runs for long, under load and with faults: ``python -m resilience.soak`` (resilience/README.md)."""
