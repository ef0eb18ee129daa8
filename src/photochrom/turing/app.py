"""The pages that raters see: consent, trials, thanks, and the interface that the trials call."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Response
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException as StarletteHTTPException

from ..errors import DatasetError
from .pairs import PairFolder, read_pairs
from .plan import Plan
from .protection import HEADERS, Protection
from .schedule import schedule
from .store import Participant, Store

_COOKIE = "rater"
_DAYS = 90  # that a browser keeps the cookie
_LONGEST = 3_600_000  # milliseconds of an answer: what takes longer was a break
_PAGE = Path(str(files("photochrom.turing") / "page"))

router = APIRouter()


@dataclass(frozen=True)
class Setup:
    """What a server serves."""

    folder: PairFolder
    plan: Plan
    store: Store
    templates: Jinja2Templates


class Reply(BaseModel):
    """What a trial posts."""

    model_config = ConfigDict(extra="forbid", strict=True)

    number: int = Field(ge=1, le=1_000_000)
    """Of the trial."""
    choice: int = Field(ge=0, le=1)
    """Which picture was taken for the fake."""
    milliseconds: int = Field(ge=0, le=_LONGEST)
    """From the moment an answer was possible."""


def build(pairs: Path, database: str, plan: Plan) -> FastAPI:
    """The application.

    Args:
        pairs: folder of pairs.
        database: URL; see `open_database`.
        plan: what each person goes through; fewer pairs of a kind where the folder has fewer.

    Raises:
        DatasetError: pairs or database cannot be used, or do not belong together.
        MissingExtraError: a database without its driver.
    """
    folder = read_pairs(pairs)
    store = Store(database)
    if store.pairs() - {folder.identity}:
        store.close()
        raise DatasetError(
            f"{pairs}: the database holds answers to other pairs; give --database another one"
        )
    # No pages of FastAPI's own: they would load scripts from elsewhere.
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=_closing)
    templates = Jinja2Templates(directory=_PAGE / "templates")
    app.state.setup = Setup(folder, plan.fitted(folder.pairs), store, templates)
    app.include_router(router)
    app.mount("/static", StaticFiles(directory=_PAGE / "static"))
    app.add_middleware(Protection)
    app.add_exception_handler(StarletteHTTPException, _fault)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(SQLAlchemyError, _unavailable)
    app.add_exception_handler(Exception, _unforeseen)
    return app


@asynccontextmanager
async def _closing(app: FastAPI) -> AsyncIterator[None]:
    """At the end the database is let go of, which folds SQLite's log back into its file."""
    yield
    app.state.setup.store.close()


def _setup(request: Request) -> Setup:
    setup: Setup = request.app.state.setup
    return setup


Served = Annotated[Setup, Depends(_setup)]


def _known(request: Request, setup: Served) -> Participant | None:
    token = request.cookies.get(_COOKIE)
    return setup.store.participant(token) if token else None


Known = Annotated[Participant | None, Depends(_known)]


def _rater(known: Known) -> Participant:
    if known is None:
        raise HTTPException(401, "Nobody has consented on this device; begin at the first page.")
    return known


Rater = Annotated[Participant, Depends(_rater)]


@router.get("/")
def consent_page(request: Request, setup: Served, known: Known) -> Response:
    """What this is, and a button to agree."""
    if known:
        return _to("/trial")
    plan = setup.plan
    told = {"mode": plan.mode, "seconds": plan.seconds, "of": plan.total}
    return _page(request, "consent", told | {"practice": plan.practice, "minutes": plan.minutes})


@router.post("/consent")
def consent(request: Request, setup: Served, known: Known) -> Response:
    """Note the consent, decide what the person will see."""
    answer = _to("/trial")
    if known is None:
        pairs, plan = setup.folder.pairs, setup.plan
        token = setup.store.enrol(
            plan,
            setup.folder.identity,
            lambda given: schedule(pairs, plan, given, random.SystemRandom()),
        )
        answer.set_cookie(
            _COOKIE,
            token,
            max_age=_DAYS * 86_400,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
    return answer


@router.get("/trial")
def trial_page(request: Request, setup: Served, known: Known) -> Response:
    """The shell that the script fills."""
    if known is None:
        return _to("/")
    due = setup.store.due(known)
    if due is None:
        return _to("/done")
    told = {"mode": known.mode, "seconds": known.seconds, "of": known.of, "number": due.number}
    return _page(request, "trial", told)


@router.get("/api/trial")
def trial(setup: Served, rater: Rater) -> dict[str, Any]:
    """The pair that is due. Attention checks call themselves tests."""
    due = setup.store.due(rater)
    if due is None:
        return {"done": True}
    kind: Literal["practice", "test"] = "practice" if due.kind == "practice" else "test"
    return {
        "done": False,
        "number": due.number,
        "of": rater.of,
        "kind": kind,
        "mode": rater.mode,
        "seconds": rater.seconds,
        "size": setup.folder.pairs.size,
        "images": [f"/pictures/{picture}.png" for picture in due.picture_ids],
    }


@router.post("/api/answer")
def answer(setup: Served, rater: Rater, reply: Reply) -> dict[str, Any]:
    """Keep an answer; a repeated one is answered as the first was."""
    kept = setup.store.answer(rater, reply.number, reply.choice, reply.milliseconds)
    if kept is None:
        raise HTTPException(409, f"Pair {reply.number} is not the one to be answered now.")
    correct = kept.correct if kept.kind == "practice" else None
    return {"number": reply.number, "correct": correct, "done": kept.done}


@router.get("/pictures/{picture_id}.png")
def picture(setup: Served, rater: Rater, picture_id: str) -> Response:
    """A picture of the pair that is due, or of one answered."""
    found = setup.store.showing(rater, picture_id)
    if found is None:
        raise HTTPException(404, "There is no such picture.")
    showing, is_fake = found
    kind, name = showing.kind, showing.picture
    folder = setup.folder
    path = folder.fake(kind, name, showing.network) if is_fake else folder.real(kind, name)
    # Bytes, no file: a date or a tag of the file might tell which picture is the fake.
    forever = {"Cache-Control": "private, max-age=86400, immutable"}
    return Response(path.read_bytes(), media_type="image/png", headers=forever)


@router.get("/done")
def done_page(request: Request, setup: Served, known: Known) -> Response:
    """Thanks."""
    if known is None:
        return _to("/")
    if setup.store.due(known):
        return _to("/trial")
    return _page(request, "done", {"of": known.of})


@router.post("/leave")
def leave() -> Response:
    """Forget who sits here, for another person on the same device."""
    answer = _to("/")
    answer.delete_cookie(_COOKIE, httponly=True, samesite="lax")
    return answer


def _to(path: str) -> Response:
    return RedirectResponse(path, status_code=303)


def _page(request: Request, name: str, told: dict[str, Any], code: int = 200) -> Response:
    templates = _setup(request).templates
    return templates.TemplateResponse(request, f"{name}.html", told, status_code=code)


async def _fault(request: Request, error: Exception) -> Response:
    if not isinstance(error, StarletteHTTPException):  # which it was registered for
        raise error
    if request.url.path.startswith("/api/"):
        return await http_exception_handler(request, error)
    told = "There is no such page." if error.status_code == 404 else str(error.detail)
    return _page(request, "error", {"code": error.status_code, "message": told}, error.status_code)


async def _malformed(request: Request, error: Exception) -> Response:
    return JSONResponse({"detail": "The answer is malformed."}, status_code=422)


async def _unavailable(request: Request, error: Exception) -> Response:
    """The database does not answer: the page will try again."""
    return await _fault(request, HTTPException(503, "Answers cannot be kept now; try again soon."))


async def _unforeseen(request: Request, error: Exception) -> Response:
    """Made outside the middlewares, so that the headers are not there yet."""
    response = await _fault(request, HTTPException(500, "The server has a fault."))
    response.headers.update(HEADERS)
    return response
