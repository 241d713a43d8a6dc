"""Connections that are closed when they keep the survey waiting: who sends slowly, and who does not take an answer."""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol


class Watched(H11Protocol):
    """uvicorn's protocol, with an end to each request: uvicorn itself waits for one that has begun without limit."""

    seconds_to_ask = 20.0
    """From the first moment a request can be sent until all of it is there; the largest has 64 KB."""
    seconds_to_answer = 300.0
    """From then until all of the answer is taken: an image over a slow line."""
    ending: asyncio.TimerHandle | None = None
    asking = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._wait(asking=True)

    def data_received(self, data: bytes) -> None:
        """Take what came; a request that is whole is answered next."""
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """Wait for the next request; that none begins soon uvicorn sees to."""
        self._wait(asking=True)
        super().on_response_complete()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        if self.ending is not None:
            self.ending.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        under_way = self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body
        if under_way and self.asking:
            self._wait(asking=False)

    def _wait(self, asking: bool) -> None:
        if self.ending is not None:
            self.ending.cancel()
        self.asking = asking
        self.ending = self.loop.call_later(self.seconds_to_ask if asking else self.seconds_to_answer, self._end)

    def _end(self) -> None:
        self.transport.abort()
