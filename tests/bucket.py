"""Servers of buckets on this machine's loopback: one speaks S3's protocol, behind one that can be told to fail, and one
Google's."""

import secrets
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from deepminer_ray.files.bucket import GOOGLE_SERVER
from deepminer_ray.files.location import Remote, write_whole

PORTS = range(20_000, 32_000)
"""Neither Ray's workers nor what the system chooses: such a port stays free until a test's server is up."""


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    while True:
        with socket.socket() as tried, suppress(OSError):
            tried.bind(("127.0.0.1", secrets.choice(PORTS)))
            return int(tried.getsockname()[1])


PORT, GOOGLE_PORT = free_port(), free_port()
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_ENDPOINT_URL": f"http://127.0.0.1:{PORT}",
    GOOGLE_SERVER: f"http://127.0.0.1:{GOOGLE_PORT}",
}
"""What tells clients of the servers; processes of Ray have it if it was there before Ray started."""

ASKED_BY_MANY = """
import threading
from http import server
server.HTTPServer = server.ThreadingHTTPServer
from gcp_storage_emulator.__main__ import main
from gcp_storage_emulator.server import Router
one_at_a_time, handle = threading.Lock(), Router.handle
def handle_alone(*asked):
    with one_at_a_time:
        handle(*asked)
Router.handle = handle_alone
main()
"""
"""Google's emulator, which by itself answers one connection after the other: the others wait until it ends."""


class Between(ThreadingHTTPServer):
    """Stands between a client and the server, and answers an error or late as it is told."""

    daemon_threads = True

    def __init__(self, behind: str):
        super().__init__(("127.0.0.1", PORT), _Between)
        self.behind = behind
        self.refuse: Callable[[str], bool]
        self.status: int
        self.delay: float
        self.signed: bool
        """Whether who signs nothing is refused, as by a bucket that is not public; moto takes all."""
        self.well_again()
        self.asked = 0

    def well_again(self) -> None:
        """Answer at once and all."""
        self.refuse, self.status, self.delay, self.signed = (lambda _: False), 503, 0.0, False

    def make(self, bucket: str) -> None:
        """Make a bucket."""
        urllib.request.urlopen(urllib.request.Request(f"{self.behind}/{bucket}", method="PUT")).close()


class _Between(BaseHTTPRequestHandler):
    server: Between
    protocol_version = "HTTP/1.1"

    def _pass_on(self) -> None:
        body = self._body()
        self.server.asked += 1
        time.sleep(self.server.delay)
        if self.server.signed and "Authorization" not in self.headers:
            self._answer(403, {}, b"")
            return
        if self.server.refuse(f"{self.command} {self.path}"):
            self._answer(self.server.status, {}, b"")
            return
        asked = urllib.request.Request(self.server.behind + self.path, body or None, method=self.command)
        for name, value in self.headers.items():
            if name.lower() not in ("host", "content-length", "connection", "expect", "transfer-encoding"):
                asked.add_header(name, value)
        try:
            with urllib.request.urlopen(asked, timeout=30) as found:
                self._answer(found.status, dict(found.headers), found.read())
        except urllib.error.HTTPError as error:
            self._answer(error.code, dict(error.headers), error.read())

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _pass_on  # noqa: N815

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        length = headers.pop("Content-Length", None) if self.command == "HEAD" else None
        for name, value in headers.items():
            if name.lower() not in ("content-length", "connection", "transfer-encoding", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", length or str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(log: Path) -> Iterator[Between]:
    """moto's server behind one that can be told to fail, until the block ends."""
    port = free_port()
    with _started(["-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], port, log):
        standing = Between(f"http://127.0.0.1:{port}")
        threading.Thread(target=standing.serve_forever, daemon=True).start()
        try:
            yield standing
        finally:
            standing.shutdown()
            standing.server_close()


@contextmanager
def serving_google(log: Path) -> Iterator[str]:
    """The address of a server that speaks Google's protocol, until the block ends."""
    options = ["start", "--in-memory", "-H", "127.0.0.1", "--port", str(GOOGLE_PORT)]
    with _started(["-c", ASKED_BY_MANY, *options], GOOGLE_PORT, log):
        yield ENVIRONMENT[GOOGLE_SERVER]


@contextmanager
def _started(program: Sequence[str], port: int, log: Path) -> Iterator[None]:
    with log.open("wb") as said:
        server = subprocess.Popen([sys.executable, *program], stdout=said, stderr=said)
    try:
        until = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert server.poll() is None and time.monotonic() < until, f"nothing answers, see {log}"
                time.sleep(0.2)
        yield
    finally:
        server.kill()
        server.wait()


def put(folder: Path, bucket: Remote) -> None:
    """Put a folder's files into a bucket."""
    for file in folder.rglob("*"):
        if file.is_file():
            target = bucket
            for part in file.relative_to(folder).parts:
                target = target / part
            write_whole(target, file.read_bytes())
