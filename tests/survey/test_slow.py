"""Whoever sends a request slowly, or does not take an answer, is let go; others are served meanwhile."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import uvicorn

from deepminer_ray.survey.slow import Watched

LARGE = bytes(64 * 2**20)
PATIENCE = 1.0


class Hurried(Watched):
    """With less patience, so that a test need not wait."""

    seconds_to_ask = PATIENCE
    seconds_to_answer = 2 * PATIENCE


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Read the body, then say how long it was, or much."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    body = LARGE if scope["path"] == "/large" else str(size).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    for place in range(0, len(body), 2**16):
        await send({"type": "http.response.body", "body": body[place : place + 2**16], "more_body": True})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application, http=Hurried, ws="none", lifespan="off", log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join(20)
    assert not thread.is_alive(), "nobody's connection holds up its end"


def silent(_: socket.socket) -> None:
    time.sleep(0.1)


def headers_by_letters(connection: socket.socket) -> None:
    connection.sendall(b"x")
    time.sleep(0.1)


def after(begun: bytes, letter: bytes = b"x") -> Callable[[socket.socket], None]:
    """Send this at once, then a letter at a time."""
    waiting = [begun]

    def sending(connection: socket.socket) -> None:
        connection.sendall(waiting.pop() if waiting else letter)
        time.sleep(0.1)

    return sending


SLOW = {
    "says nothing": silent,
    "a letter of the headers at a time": headers_by_letters,
    "headers without end": after(b"GET / HTTP/1.1\r\nHost: x\r\n", b"a: b\r\n"),
    "a letter of the body at a time": after(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n"),
    "the second request slowly": after(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    "an answer that is not taken": after(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n", b""),
}


@pytest.mark.parametrize("way", SLOW)
def test_who_is_slow_is_let_go(port: int, way: str) -> None:
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(0.05)
        ended = False
        while not ended and time.monotonic() - begun < 10 * PATIENCE:
            try:
                SLOW[way](connection)
                if "not taken" in way:  # closed with what it holds: the system says so when it is written to
                    connection.sendall(b"G" if time.monotonic() - begun > 2.5 * PATIENCE else b"")
                else:
                    ended = connection.recv(2**16) == b""
            except TimeoutError:
                pass
            except OSError:
                ended = True
    assert ended and PATIENCE * 0.9 < time.monotonic() - begun < 6 * PATIENCE


def test_others_are_served_meanwhile_and_keep_their_connection(port: int) -> None:
    """More requests over one connection than one may wait for, a body in two parts among them, and a large answer."""
    held = [socket.create_connection(("127.0.0.1", port)) for _ in range(50)]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        for _ in range(8):
            assert client.post("/", content=iter([b"abc", b"de"])).text == "5"
            time.sleep(PATIENCE / 4)
        assert len(client.get("/large").content) == len(LARGE)
    for one in held:
        one.close()


def test_requests_sent_at_once_are_all_answered(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
        connection.settimeout(5)
        said = b""
        while chunk := connection.recv(2**16):
            said += chunk
    assert said.count(b"HTTP/1.1 200 OK") == 3
