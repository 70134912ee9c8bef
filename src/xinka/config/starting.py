"""What is looked at before a shop opens, so that a wrong setting stops the start with one sentence.

The processes read their settings by themselves, and each would only fall, again and again, behind an open port. No
Django here: the supervisor keeps what is imported.
"""

from __future__ import annotations

import os
from errno import EACCES
from importlib import import_module
from pathlib import Path

from xinka.config import crews
from xinka.config.database_url import as_django
from xinka.config.environment import BadEnvironment, Environment, cannot_be_written, key_in, read
from xinka.platform.vault.envelope import EnvelopeError, Keyring, WrappedKey

#: Pages of the settings that need no Django; reading one tells whether its values are right.
_PAGES = ("accounts", "dispute", "escrow", "mail", "payout")


def look_over(environment: Environment) -> None:
    """Read every setting of every process once.

    Raises:
        BadEnvironment: for the first that is wrong.
    """
    as_django(environment)
    for size in (crews.web_threads, crews.worker_mails, crews.worker_jobs, crews.worker_stalled_after, crews.sandbox):
        size()
    pages = {name: import_module(f"xinka.config.{name}_settings") for name in _PAGES}
    breached = pages["accounts"].BREACHED_PASSWORDS_FILE
    if breached and not Path(breached).is_file():
        raise BadEnvironment("XINKA_BREACHED_PASSWORDS_FILE", f"there is no file {breached}", f"没有文件 {breached}")


def see_that_it_is_ours(environment: Environment) -> None:
    """See that this user may work in the data directory, if there is one: nothing in it can be looked at otherwise.

    Raises:
        BadEnvironment: if not.
    """
    place, wanted = environment.data_dir, os.R_OK | os.X_OK | (0 if environment.database_url else os.W_OK)
    try:
        place.stat()
    except PermissionError as error:
        raise cannot_be_written(error) from None
    except OSError:
        return  # there is none yet; whoever makes it says what stands in the way
    if not os.access(place, wanted):
        raise cannot_be_written(PermissionError(EACCES, os.strerror(EACCES), str(place)))


def remarks(environment: Environment) -> list[str]:
    """Return what the operator should hear of, though the shop can open."""
    file = environment.key_file
    if read("XINKA_MASTER_KEY") or not file.exists() or not file.stat().st_mode & 0o077:
        return []
    words_en = f"xinka: other users of this machine may read the master key: chmod 600 {file}"
    words_zh = f"信卡：这台机器的其他用户能读到主密钥：请执行 chmod 600 {file}"
    return [f"{words_en}\n{words_zh}"]


def vouch_for(environment: Environment) -> None:
    """See that the database answers and that the master key is the one it was sealed with.

    A key that is missing is made only for a database in which nothing is sealed yet: a new one beside a restored
    database would open nothing, and what it seals would be lost once the right key is put back.

    Raises:
        BadEnvironment: if not.
    """
    key = _a_sealed_key(environment)
    if key is None:
        return
    take_next_key(environment, key)
    if not environment.has_key:
        raise BadEnvironment(
            "XINKA_MASTER_KEY",
            f"there is none, and this database is sealed with one; put it back as {environment.key_file}",
            f"没有主密钥，而这个数据库是用主密钥加密的；请把它放回 {environment.key_file}",
        )
    try:
        Keyring(environment.master_key).add([key])
    except EnvelopeError:
        raise BadEnvironment(
            "XINKA_MASTER_KEY",
            "is not the one that this database was sealed with; put that one back (the variable wins over master.key)",
            "不是这个数据库的主密钥；请换回原来的那一个（环境变量优先于 master.key）",
        ) from None


def take_next_key(environment: Environment, sealed: WrappedKey) -> None:
    """Put the next master key in its place if it is the one the database is sealed with.

    ``xinka key change`` does so as its last step; if it was killed right before, whoever comes next does it.
    """
    file = environment.next_key_file
    if not file.exists():
        return
    try:
        Keyring(key_in(file)).add([sealed])
    except EnvelopeError:
        return
    file.replace(environment.key_file)
    environment.__dict__.pop("master_key", None)  # it is read again


def _a_sealed_key(environment: Environment) -> WrappedKey | None:
    """Return one of the database's wrapped keys, if it has any."""
    import psycopg  # here, because `xinka --help` does without

    as_django(environment)  # the scheme and the port, in our words
    try:
        with psycopg.connect(environment.database_url, connect_timeout=10) as connection:
            if connection.execute("SELECT to_regclass('vault_data_key')").fetchone() == (None,):
                return None
            row = connection.execute("SELECT id, scope, wrapped FROM vault_data_key ORDER BY id LIMIT 1").fetchone()
    except psycopg.ProgrammingError:  # its words would repeat the address, with the password
        raise BadEnvironment("DATABASE_URL", "is malformed", "格式不对") from None
    except psycopg.OperationalError as error:
        said = " ".join(str(error).split())
        raise BadEnvironment("DATABASE_URL", f"no connection ({said})", "连不上数据库，原因见上一行") from None
    return WrappedKey(row[0], row[1], bytes(row[2])) if row else None
