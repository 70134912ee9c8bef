"""Whom the embedded PostgreSQL runs as: it refuses root, so root lends it a system user of its own."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypedDict

_SYSTEM_USER = "xinka-postgres"


class RunAs(TypedDict, total=False):
    """Arguments of ``subprocess.run`` that change the user."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Owner:
    """The user whom the server's files belong to."""

    uid: int
    gid: int
    is_lent: bool

    @classmethod
    def for_this_process(cls) -> Self:
        """Return the present user or, for root, the system user, made when it is missing."""
        if os.geteuid():
            return cls(os.geteuid(), os.getegid(), is_lent=False)
        try:
            entry = pwd.getpwnam(_SYSTEM_USER)
        except KeyError:
            command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
            made = subprocess.run(  # noqa: S603 - a fixed command
                [*command, "--shell", "/usr/sbin/nologin", _SYSTEM_USER], capture_output=True, text=True, check=False
            )
            try:
                entry = pwd.getpwnam(_SYSTEM_USER)  # another process may have made it a moment earlier
            except KeyError:
                raise RuntimeError(f"cannot make the system user {_SYSTEM_USER}: {made.stderr.strip()}") from None
        return cls(entry.pw_uid, entry.pw_gid, is_lent=True)

    def for_subprocess(self) -> RunAs:
        """Return the arguments that start a program as this user."""
        return RunAs(user=self.uid, group=self.gid, extra_groups=[]) if self.is_lent else RunAs()

    def take(self, directory: Path) -> None:
        """Make an empty directory the owner's and reachable for it."""
        if self.is_lent:
            os.chown(directory, self.uid, self.gid)
            self.make_way_to(directory)

    def claim(self, directory: Path) -> None:
        """Make or take a directory with a foreseeable name in a place open to all; refuse one that a stranger laid out.

        Raises:
            PermissionError: if the directory belongs to somebody else or is a link.
        """
        directory.mkdir(mode=0o700, exist_ok=True)
        found = directory.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {self.uid, os.geteuid()}:
            raise PermissionError(f"{directory} belongs to somebody else")
        directory.chmod(0o700)
        self.take(directory)

    def make_way_to(self, path: Path) -> None:
        """Let a lent user pass through the directories above (pass, not read)."""
        if not self.is_lent:
            return
        for parent in path.parents:
            mode = parent.stat().st_mode
            if not mode & stat.S_IXOTH:
                parent.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)

    def allow_reading(self, tree: Path) -> None:
        """Let a lent user read and run an installed tree, which a strict umask may have closed."""
        if not self.is_lent:
            return
        self.make_way_to(tree)
        if (tree / "bin" / "postgres").stat().st_mode & stat.S_IXOTH and tree.stat().st_mode & stat.S_IXOTH:
            return
        for path in [tree, *tree.rglob("*")]:
            mode = path.lstat().st_mode
            if not stat.S_ISLNK(mode):
                path.chmod(stat.S_IMODE(mode) | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))
