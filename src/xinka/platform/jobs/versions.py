"""Jobs of a version that this one does not know yet: while machines are updated one by one, they wait for the newer."""

from __future__ import annotations

from typing import Any

from procrastinate import App
from procrastinate.tasks import Task

from xinka.platform.jobs.retries import Backoff

#: The first wait in seconds; the next machine is updated minutes later, not milliseconds.
FIRST_WAIT = 30.0


class OfAnotherVersion(RuntimeError):
    """This version has no such task; a worker of the version that has will do it."""


class TasksOfAnyVersion(dict[str, Any]):
    """The tasks of a worker; a name that is not among them is put off, where procrastinate would give it up at once."""

    def __init__(self, app: App) -> None:
        super().__init__(app.tasks)
        self._app = app

    def get(self, name: str, default: object = None) -> Any:  # noqa: ARG002 - there is always one
        """Return the task of this name, or one that puts the job off."""
        return self[name]

    def __missing__(self, name: str) -> Task[Any, Any, Any]:
        """Return a task that only says that it is not known here; it is tried again, the last time days later."""

        def put_off(**_arguments: object) -> None:
            raise OfAnotherVersion(f"this version does not know the job {name}; update this machine too")

        return Task(put_off, blueprint=self._app, name=name, queue="", retry=Backoff(first=FIRST_WAIT))
