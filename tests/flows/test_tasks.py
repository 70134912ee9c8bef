"""Every module of jobs is brought in by the one that procrastinate looks at, else its jobs would never run."""

from __future__ import annotations

from pkgutil import iter_modules

from procrastinate.contrib.django import app

from xinka.flows import tasks


def test_every_module_of_jobs_is_known_to_the_worker() -> None:
    app.perform_import_paths()
    modules = {f"{tasks.__name__}.{found.name}" for found in iter_modules(tasks.__path__)}
    assert {task.func.__module__ for task in app.tasks.values()} - {"procrastinate.builtin_tasks"} == modules
