"""The survey's local web server: pages, pictures and answers for those who have a link."""

from collections.abc import Callable, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deepminer_ray.annotation.sent import Adjudication, Save, SentKind, read_message
from deepminer_ray.errors import BadInput, Unreachable
from deepminer_ray.survey import pages
from deepminer_ray.survey.desk import Desk
from deepminer_ray.survey.experts import expert_of
from deepminer_ray.survey.gallery import RULES
from deepminer_ray.survey.static import ASSETS

LARGEST = 64 * 2**10
"""Bytes of a request; an answer has some hundred."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data: blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
CACHED = {"Cache-Control": "private, max-age=31536000, immutable"}
"""Pictures carry the state of the run in their address."""


def application(desk: Desk, known: dict[str, str], hosts: Sequence[str]) -> ASGIApp:
    """The survey of `desk` for experts `known` by name and token, answering only to the names of `hosts`."""
    web = _Web(desk, known)
    routes = [
        Route("/", web.nobody),
        Mount("/assets", StaticFiles(directory=ASSETS)),
        Route("/{token}/", web.units),
        Route("/{token}/summary", web.summary),
        Route("/{token}/answer", web.answer, methods=["POST"]),
        Route("/{token}/adjudicate", web.adjudicate, methods=["POST"]),
        Route("/{token}/film/{number:int}.png", web.scan),
        Route("/{token}/{place:int}", web.unit),
        Route("/{token}/{place:int}/first.png", web.first),
        Route("/{token}/{place:int}/{rule}.png", web.sheet),
    ]
    middleware = [Middleware(_Guarded), Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts))]
    return Starlette(routes=routes, middleware=middleware, exception_handlers=ERROR_PAGES)


async def _refusal_page(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return HTMLResponse(pages.message(error.detail), error.status_code)


async def _pixels_missing_page(_: Request, error: Exception) -> Response:
    """A picture whose pixels are missing, or not those that were cut."""
    return HTMLResponse(pages.message(str(error)), 503)


ERROR_PAGES = {HTTPException: _refusal_page, BadInput: _pixels_missing_page, Unreachable: _pixels_missing_page}


class _Guarded:
    """Headers for every answer; no large request, and no change that another site asks for."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message["headers"]}
                given = ((name.lower().encode(), value.encode()) for name, value in HEADERS.items())
                message["headers"] = [*message["headers"], *(one for one in given if one[0] not in there)]
            await send(message)

        if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD"):
            refusal = _refusal(Request(scope))
            if refusal is not None:
                await refusal(scope, receive, sent)
                return
        await self.app(scope, receive, sent)


def _refusal(request: Request) -> Response | None:
    """Why a change is not even read; None where it may be."""
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site", "same-origin")
    if site != "same-origin" or origin not in (None, f"{request.url.scheme}://{request.headers.get('host')}"):
        return _error("Another site may change nothing here.", 403)
    if request.headers.get("content-type", "").split(";")[0] != "application/json":
        return _error("Answers are sent as JSON.", 415)
    length = request.headers.get("content-length", "")
    if not length.isdigit():
        return _error("A request says how long it is.", 411)
    if int(length) > LARGEST:
        return _error(f"A request has at most {LARGEST} bytes.", 413)
    return None


def _error(text: str, status: int) -> Response:
    return JSONResponse({"error": text}, status)


class _Web:
    """What each address answers."""

    def __init__(self, desk: Desk, known: dict[str, str]):
        self.desk, self.known = desk, known

    def _expert(self, request: Request) -> tuple[str, str]:
        """The expert of a link and where its pages begin."""
        token = request.path_params["token"]
        expert = expert_of(token, self.known)
        if expert is None:
            raise HTTPException(404, "This link is not known here: ask for your personal link.")
        return expert, f"/{token}/"

    def _place(self, request: Request, expert: str) -> int:
        place: int = request.path_params["place"] - 1
        if not 0 <= place < len(self.desk.asked(expert)):
            raise HTTPException(404, "There is no such question.")
        return place

    def nobody(self, _: Request) -> Response:
        return HTMLResponse(pages.message("Open your personal link: `deepminer survey` printed it at its start."))

    def units(self, request: Request) -> Response:
        expert, home = self._expert(request)
        return HTMLResponse(pages.units_page(self.desk, expert, home))

    def unit(self, request: Request) -> Response:
        expert, home = self._expert(request)
        return HTMLResponse(pages.unit_page(self.desk, expert, self._place(request, expert), home))

    def summary(self, request: Request) -> Response:
        expert, home = self._expert(request)
        return HTMLResponse(pages.summary_page(self.desk, expert, list(self.known), home))

    def sheet(self, request: Request) -> Response:
        unit, rule = self._unit(request), request.path_params["rule"]
        if rule not in RULES:
            raise HTTPException(404, "There is no such picture.")
        return FileResponse(self.desk.gallery.sheet(unit, rule), media_type="image/png", headers=CACHED)

    def first(self, request: Request) -> Response:
        return Response(self.desk.gallery.picture(self._unit(request), 0), media_type="image/png", headers=CACHED)

    def _unit(self, request: Request) -> int:
        expert, _ = self._expert(request)
        return self.desk.asked(expert)[self._place(request, expert)].unit

    def scan(self, request: Request) -> Response:
        self._expert(request)
        number = request.path_params["number"]
        if number not in self.desk.gallery.scans({number}):
            raise HTTPException(404, "There is no such image.")
        return FileResponse(self.desk.gallery.scan_file(number), media_type="image/png", headers=CACHED)

    async def answer(self, request: Request) -> Response:
        return await self._changed(request, Save, self._saved)

    async def adjudicate(self, request: Request) -> Response:
        return await self._changed(request, Adjudication, self._adjudicated)

    async def _changed(
        self, request: Request, kind: type[SentKind], change: Callable[[str, SentKind], dict[str, Any]]
    ) -> Response:
        expert, _ = self._expert(request)
        try:
            sent = read_message(kind, await request.body())
        except ClientDisconnect:
            return _error("The request ended too soon.", 400)
        except BadInput as error:
            return _error(str(error), 400)
        try:
            return JSONResponse(await run_in_threadpool(change, expert, sent))
        except BadInput as error:
            return _error(str(error), 409)

    def _saved(self, expert: str, sent: Save) -> dict[str, Any]:
        given = self.desk.save(expert, sent)
        return pages.saved(self.desk, expert, sent.place, given.saves)

    def _adjudicated(self, expert: str, sent: Adjudication) -> dict[str, Any]:
        return {"version": self.desk.adjudicate(expert, sent.unit, sent.annotator).saves}
