"""Whose page is made next: places on the network take turns, and none may ask for pages without end.

Nothing here concerns what the till answers from memory or by itself. While there is room, a page costs its visitor one
look at two numbers; only when more is asked for than Django can make does anybody wait, and then each place by itself:
whoever sends a thousand requests waits behind them alone. A school of hundreds behind one address is one place, so what
a place may ask for is what so many people need, not what one does.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from xinka.kernel.errors import Refusal

#: How long a request waits for its turn, in seconds, and how many of one place may be waiting.
PATIENCE = 10.0
MOST_WAITING = 600
#: Pages that one place may ask for at once, and a second for as long as it likes: three hundred people who all arrive
#: and open ten pages each, and then go on with a page every ten seconds.
AT_ONCE = 3_000
A_SECOND = 30
#: How many places are remembered before those that have had their rest are forgotten.
_REMEMBERED = 20_000


class TooManyPages(Refusal):
    """A place has asked for more pages than so many people need."""

    code = "too_many_pages"
    status = HTTPStatus.TOO_MANY_REQUESTS
    zh = (
        "您所在的网络在短时间内打开了太多页面，这一次没有显示，也没有保存任何内容。请过半分钟再试。订单和付款不受影响。"
    )
    en = (
        "Too many pages were asked for from your network in a short time; this one was not shown, nothing was saved. "
        "Please try again in half a minute. Orders and payments are safe."
    )


class ManyAreHere(Refusal):
    """More pages were asked for than could be made in time; whose turn it was not is asked to come back."""

    code = "many_are_here"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    zh = "现在访问的人太多，页面一时排不上，没有保存任何内容。请过几秒再试。订单和付款不受影响。"
    en = (
        "Too many visitors are here at once and this page did not get its turn; nothing was saved. "
        "Please try again in a few seconds. Orders and payments are safe."
    )


class Allowance:
    """How much each place may ask for: so much at once, which then comes back by and by."""

    __slots__ = ("_ahead", "_each", "_full_at")

    def __init__(self, at_once: int = AT_ONCE, a_second: float = A_SECOND) -> None:
        self._each = 1 / a_second
        self._ahead = at_once / a_second
        #: When each place has all of its allowance again, on the clock that never jumps.
        self._full_at: dict[str, float] = {}

    def spend(self, place: str) -> bool:
        """Take one off what a place has left; false if there is none, and then nothing is taken."""
        now = time.monotonic()
        full_at = max(now, self._full_at.get(place, 0.0)) + self._each
        if full_at - now > self._ahead:
            return False
        if len(self._full_at) >= _REMEMBERED and place not in self._full_at:
            self._forget(now)
        self._full_at[place] = full_at
        return True

    def _forget(self, now: float) -> None:
        """Forget the places that have all of it, and where too few have, the half that has asked for the least."""
        self._full_at = {place: at for place, at in self._full_at.items() if at > now}
        if len(self._full_at) >= _REMEMBERED:
            busiest = sorted(self._full_at.items(), key=lambda one: one[1])[_REMEMBERED // 2 :]
            self._full_at = dict(busiest)


class Turns:
    """``most`` at a time, ``most_of_place`` of them from one place; places that wait are served one after another."""

    __slots__ = ("_held", "_most_of_place", "_n_free", "_waiting")

    def __init__(self, most: int, most_of_place: int) -> None:
        self._n_free = most
        self._most_of_place = most_of_place
        self._held: Counter[str] = Counter()
        #: The places that wait, whose turn is next first.
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, place: str) -> AsyncIterator[None]:
        """Wait for a turn and hold it.

        Raises:
            TooManyPages: if too many of this place wait already.
            ManyAreHere: if it has none within ``PATIENCE``.
        """
        if self._n_free and self._has_room(place) and place not in self._waiting:
            self._take(place)
        else:
            await self._wait(place)
        try:
            yield
        finally:
            self._give_back(place)

    def _has_room(self, place: str) -> bool:
        return self._held[place] < self._most_of_place

    def _take(self, place: str) -> None:
        self._n_free -= 1
        self._held[place] += 1

    def _give_back(self, place: str) -> None:
        self._n_free += 1
        self._held[place] -= 1
        if not self._held[place]:
            del self._held[place]
        self._hand_on()

    async def _wait(self, place: str) -> None:
        queue = self._waiting.setdefault(place, deque())
        if len(queue) >= MOST_WAITING:
            raise TooManyPages
        turn = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            async with asyncio.timeout(PATIENCE):
                await turn
        except BaseException as error:
            if turn.cancelled():
                self._leave(place, turn)
            else:  # it had come in the very moment in which nobody waited for it any more
                self._give_back(place)
            if isinstance(error, TimeoutError):
                raise ManyAreHere from None
            raise

    def _leave(self, place: str, turn: asyncio.Future[None]) -> None:
        queue = self._waiting.get(place)
        if queue is not None and turn in queue:
            queue.remove(turn)
            if not queue:
                del self._waiting[place]

    def _hand_on(self) -> None:
        """Give what is free to whoever is next: of each place that waits one, then of each another one."""
        while self._n_free:
            place = next((one for one in self._waiting if self._has_room(one)), None)
            if place is None:
                return
            queue = self._waiting[place]
            turn = queue.popleft()
            if queue:
                self._waiting.move_to_end(place)
            else:
                del self._waiting[place]
            if not turn.done():  # else its visitor has just given up
                self._take(place)
                turn.set_result(None)
