"""Hold a survey: print everyone's link, serve until stopped, fold the answers into the run."""

import ipaddress
import signal
import socket
from collections.abc import Sequence
from typing import Any

import uvicorn

from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput
from deepminer_ray.survey.desk import Desk, Settings
from deepminer_ray.survey.experts import experts
from deepminer_ray.survey.server import application
from deepminer_ray.survey.slow import Watched
from deepminer_ray.survey.static import ONLY_EXPERT


def serve(run: Run, names: Sequence[str], host: str, port: int, settings: Settings) -> None:
    """Serve the survey until the process is asked to stop; BadInput where the address cannot be had."""
    with _listening(host, port) as listener:
        desk = Desk(run, settings)
        try:
            file = run.folder / "survey" / "experts.json"
            known = experts(file, names or ([] if file.is_file() else [ONLY_EXPERT]))
            for name, token in known.items():
                bracketed = f"[{host}]" if ":" in host else host
                print(f"{name}: http://{bracketed}:{listener.getsockname()[1]}/{token}/", flush=True)
            server = server_of(desk, known, host)
            # Uvicorn ends on these and then raises them once more, which would end us before the answers are folded in.
            for asked_to_stop in (signal.SIGINT, signal.SIGTERM):
                signal.signal(asked_to_stop, lambda *_: None)
            server.run(sockets=[listener])
        finally:
            desk.close()


def server_of(desk: Desk, known: dict[str, str], host: str) -> uvicorn.Server:
    """The server of an open desk for experts by name and token; it runs once it is given a socket that listens."""
    web = application(desk, known, ["*"] if _any(host) else [host, "localhost", "127.0.0.1"])
    quiet: dict[str, Any] = {"log_level": "warning", "access_log": False, "server_header": False}
    return uvicorn.Server(uvicorn.Config(web, http=Watched, ws="none", lifespan="off", **quiet))


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
        return listener
    except OSError as error:
        reason = f"{host}:{port} cannot be served from ({error.strerror})"
        raise BadInput(f"{reason}: use another --port or --host.") from error


def _any(host: str) -> bool:
    """Whether a host stands for every address of this machine."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False
