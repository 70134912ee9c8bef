"""All connections of a process: how many there may be, who gives one up for another, and their end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING

from xinka.till.serving.exchange import Exchange

if TYPE_CHECKING:
    from xinka.till.serving.connection import Connection

Handler = Callable[[Exchange], Awaitable[None]]


class Edge:
    """All connections of a process, and the handler of their requests.

    When there is no room for one more, the place that holds the most gives one up: however many connections somebody
    opens, visitors from elsewhere still get in.
    """

    #: Told of what was refused before any handler saw it: the status, and the address it came from.
    on_refusal: Callable[[HTTPStatus, str], None] | None = None

    def __init__(self, handler: Handler, *, max_connections: int = 4096, always: str = "") -> None:
        self.handler = handler
        #: Header lines on every answer, refusals of what is no request included.
        self.always = always
        self.connections: set[Connection] = set()
        self._of_place: dict[str, set[Connection]] = {}
        self.max_connections = max_connections
        self.is_closing = False
        self._drained = asyncio.Event()
        self.loop = asyncio.get_running_loop()

    def sweep(self) -> None:
        """Close the connections whose time is over, and look again in a second."""
        now = self.loop.time()
        for connection in [one for one in self.connections if one.deadline < now]:
            connection.give_up()
        self.loop.call_later(1.0, self.sweep)

    def admit(self, connection: Connection) -> bool:
        """Take a connection in, if there is room for it or can be made."""
        if self.is_closing or (len(self.connections) >= self.max_connections and not self._make_room(connection.place)):
            return False
        self.connections.add(connection)
        self._of_place.setdefault(connection.place, set()).add(connection)
        return True

    def _make_room(self, place: str) -> bool:
        """Close a connection of the place with the most, unless that is where the new one comes from."""
        most = max(self._of_place.values(), key=len)
        if len(most) <= len(self._of_place.get(place, ())) + 1:
            return False
        spare = next((one for one in most if not one.is_worked_for()), None)
        if spare is None:
            return False
        self.forget(spare)
        spare.give_up()
        return True

    def forget(self, connection: Connection) -> None:
        """Note that a connection has ended."""
        self.connections.discard(connection)
        of_place = self._of_place.get(connection.place, set())
        of_place.discard(connection)
        if not of_place:
            self._of_place.pop(connection.place, None)
        if not self.connections:
            self._drained.set()

    async def drain(self, within: float) -> None:
        """Let what is under way be answered, then close everything."""
        self.is_closing = True
        for connection in list(self.connections):
            connection.close_if_idle()
        self._drained.clear()
        if self.connections:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._drained.wait(), within)
        for connection in list(self.connections):
            connection.give_up()
