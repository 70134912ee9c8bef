"""What the embedded PostgreSQL is told: durable always, small by default, silent about people's data."""

from __future__ import annotations

from collections.abc import Mapping

#: A shop on a small machine. Every commit is on the disk before anyone hears of it.
SMALL: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    # Durability is no matter of taste here.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # Memory: the whole shop, database included, idles below 350 MB.
    "shared_buffers": "64MB",
    "work_mem": "4MB",
    "maintenance_work_mem": "32MB",
    "effective_cache_size": "512MB",
    "huge_pages": "off",
    "io_method": "sync",
    "autovacuum_max_workers": "2",
    "autovacuum_naptime": "30s",
    "max_parallel_workers_per_gather": "0",
    "max_wal_size": "1GB",
    # Files of the log are kept for use again: one that must be made first lets every commit wait while it is filled.
    "min_wal_size": "256MB",
    "random_page_cost": "1.1",
    "jit": "off",
    # A forgotten transaction must not hold its locks for ever.
    "idle_in_transaction_session_timeout": "60s",
    "tcp_keepalives_idle": "60",
    # No card code, mail address or parameter reaches the log: no statements, no values, no DETAIL lines.
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
    "log_autovacuum_min_duration": "-1",
    "log_line_prefix": "%m [%p] %a ",
    "log_timezone": "UTC",
    "timezone": "UTC",
}

#: Over ``SMALL`` for measurements on a machine that is theirs alone; durability is left as it is.
TUNED_FOR_BENCHMARKS: Mapping[str, str] = {
    "shared_buffers": "512MB",
    "max_connections": "200",
    "maintenance_work_mem": "256MB",
    "effective_cache_size": "4GB",
    "max_wal_size": "8GB",
    "min_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_buffers": "16MB",
}

#: Over ``SMALL`` for the throw-away cluster of the test-suite; crash tests start a durable one of their own.
FORGETFUL: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "120",
    "autovacuum_naptime": "10min",
}


def as_file(settings: Mapping[str, str]) -> str:
    """Return the settings as the text of a ``postgresql.conf``; a neighbouring ``local.conf`` has the last word."""
    lines = ["# Written at each start; put your own settings into local.conf beside this file."]
    lines += [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in settings.items()]
    return "\n".join([*lines, "include_if_exists = 'local.conf'", ""])
