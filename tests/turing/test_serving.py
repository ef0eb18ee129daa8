"""The contract between server and pages, over real HTTP."""

import hashlib
import signal
import socket
import sqlite3
from pathlib import Path
from typing import Any

import httpx
import pytest

from photochrom.errors import DatasetError
from photochrom.turing.app import build
from photochrom.turing.plan import Plan
from photochrom.turing.serving import address, listen


@pytest.fixture(scope="module")
def folder(make_pairs_of_noise) -> Any:
    return make_pairs_of_noise(6)


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("answers") / "answers.sqlite3"


@pytest.fixture(scope="module")
def server(folder, serve, answers: Path) -> Any:
    plan = ("--trials", "4", "--practice", "2", "--checks", "2", "--seconds", "0.5")
    return serve(folder.folder, f"sqlite:///{answers}", *plan)


def test_a_person_goes_from_consent_to_done(server, folder, rater) -> None:
    person = rater(server.address)
    first = person.client.get("/")
    assert first.status_code == 200
    assert 'action="/consent"' in first.text
    for early in ("/trial", "/done"):
        assert person.client.get(early).headers["location"] == "/"
    person.consent()
    assert person.client.get("/").headers["location"] == "/trial"
    assert 'id="stage"' in person.client.get("/trial").text
    assert person.client.get("/done").headers["location"] == "/trial"
    kinds, seen = [], []
    for number in range(1, 9):
        trial = person.due()
        assert trial["number"] == number
        assert (trial["of"], trial["mode"], trial["seconds"], trial["size"]) == (
            8,
            "sequence",
            0.5,
            8,
        )
        kinds.append(trial["kind"])
        seen += person.look(trial)
        reply = person.reply(number, 0).json()
        assert reply["number"] == number
        assert (reply["correct"] is None) == (trial["kind"] == "test")
        assert reply["done"] == (number == 8)
    assert kinds == ["practice"] * 2 + ["test"] * 6  # a check does not say that it is one
    assert len(set(seen)) == 16
    assert person.due() == {"done": True}
    assert person.client.get("/trial").headers["location"] == "/done"
    assert 'action="/leave"' in person.client.get("/done").text
    assert person.client.post("/leave").headers["location"] == "/"
    assert person.client.get("/api/trial").status_code == 401


def test_practice_tells_the_truth(server, folder, rater) -> None:
    fakes = {
        hashlib.sha256(folder.fake("practice", name, None).read_bytes()).hexdigest()
        for name in folder.pairs.practice
    }
    person = rater(server.address)
    person.consent()
    for found in (True, False):
        trial = person.due()
        (fake,) = (at for at, picture in enumerate(person.look(trial)) if picture in fakes)
        reply = person.reply(trial["number"], fake if found else 1 - fake)
        assert reply.json()["correct"] is found


def test_whoever_comes_back_goes_on(server, rater) -> None:
    person = rater(server.address)
    person.consent()
    person.reply(1, 1)
    before = person.due()
    server.kill()
    server.start()
    assert person.due() == before
    assert before["number"] == 2
    person.consent()  # a second time changes nothing
    assert person.due() == before


def test_answers_out_of_turn_are_refused(server, rater) -> None:
    person = rater(server.address)
    person.consent()
    for number in (2, 8, 9):
        assert person.reply(number, 0).status_code == 409
    assert person.due()["number"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {"number": 1, "choice": 2, "milliseconds": 5},
        {"number": 1, "choice": -1, "milliseconds": 5},
        {"number": 1, "choice": 0, "milliseconds": -5},
        {"number": 1, "choice": 0, "milliseconds": 3_600_001},
        {"number": 1, "choice": True, "milliseconds": 5},
        {"number": "1", "choice": 0, "milliseconds": 5},
        {"number": 2**70, "choice": 0, "milliseconds": 5},
        {"number": 1, "choice": 0},
        {"number": 1, "choice": 0, "milliseconds": 5, "name": "Ada"},
        [],
        None,
    ],
)
def test_malformed_answers_are_refused(server, rater, body) -> None:
    person = rater(server.address)
    person.consent()
    assert person.client.post("/api/answer", json=body).status_code == 422
    assert person.due()["number"] == 1


def test_pictures_belong_to_a_person_and_a_moment(server, rater) -> None:
    one, other = rater(server.address), rater(server.address)
    one.consent()
    other.consent()
    (path, _) = one.due()["images"]
    response = one.client.get(path)
    assert response.headers["content-type"] == "image/png"
    assert response.headers["cache-control"] == "private, max-age=86400, immutable"
    assert not {"etag", "last-modified"} & set(response.headers)
    assert other.client.get(path).status_code == 404
    assert httpx.get(server.address + path).status_code == 401
    one.reply(1, 0)
    assert one.client.get(path).status_code == 200
    assert other.client.get(path).status_code == 404
    ids = {p for person in (one, other) for p in person.due()["images"]}
    assert len(ids) == 4
    assert all(len(p) == len("/pictures/.png") + 22 for p in ids)  # 128 bits
    for guess in ("000", "real/000", "../real/000", "..%2Freal%2F000", "%00"):
        assert one.client.get(f"/pictures/{guess}.png").status_code == 404


def test_pictures_of_later_pairs_are_not_there_yet(server, rater, answers: Path) -> None:
    person = rater(server.address)
    person.consent()
    database = sqlite3.connect(answers)
    ((later,),) = database.execute(
        "SELECT first_id FROM trial WHERE number = 2 ORDER BY id DESC LIMIT 1"
    )
    database.close()
    assert person.client.get(f"/pictures/{later}.png").status_code == 404
    person.reply(1, 0)
    assert person.client.get(f"/pictures/{later}.png").status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/trial", "/nowhere", "/static/turing.css", "/docs"])
def test_every_response_is_protected(server, path: str) -> None:
    headers = httpx.get(server.address + path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "cache-control" in headers
    assert "server" not in headers


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(server) -> None:
    cookie = httpx.post(f"{server.address}/consent").headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/static/../app.py"])
def test_there_are_no_other_pages(server, path: str) -> None:
    response = httpx.get(server.address + path)
    assert response.status_code == 404
    assert "There is no such page." in response.text


@pytest.mark.parametrize("path", ["/static/%2e%2e/app.py", "/static/..%2f..%2fapp.py"])
def test_static_files_stay_in_their_folder(server, path: str) -> None:
    assert httpx.get(server.address + path).status_code == 404


def test_long_bodies_and_those_of_unknown_length_are_refused(server, rater) -> None:
    person = rater(server.address)
    person.consent()
    assert person.client.post("/api/answer", content=b" " * 5000).status_code == 413
    assert person.client.post("/api/answer", content=iter([b"{}"])).status_code == 413


def test_a_database_that_fails_is_told_and_recovers(server, rater, answers: Path) -> None:
    person = rater(server.address)
    person.consent()
    database = sqlite3.connect(answers)
    with database:
        database.execute("ALTER TABLE answer RENAME TO elsewhere")
    for response in (person.reply(1, 0), person.client.get("/api/trial")):
        assert response.status_code == 503
        assert "try again" in response.json()["detail"]
    with database:
        database.execute("ALTER TABLE elsewhere RENAME TO answer")
    database.close()
    assert person.reply(1, 0).status_code == 200


def test_a_fault_is_a_protected_page_that_tells_no_secrets(server, folder, rater) -> None:
    person = rater(server.address)
    person.consent()
    (folder.folder / "practice").rename(folder.folder / "gone")
    try:
        response = person.client.get(person.due()["images"][0])
    finally:
        (folder.folder / "gone").rename(folder.folder / "practice")
    assert response.status_code == 500
    assert str(folder.folder) not in response.text
    assert response.headers["x-content-type-options"] == "nosniff"


def test_answers_to_other_pairs_are_not_mixed_in(server, rater, make_pairs_of_noise) -> None:
    rater(server.address).consent()
    other = make_pairs_of_noise(3)
    with pytest.raises(DatasetError, match="answers to other pairs"):
        build(other.folder, server.database, Plan())


def test_small_answers_are_sent_at_once() -> None:
    """Nagle's algorithm beside delayed acknowledgements cost 40 ms a request."""
    with listen("127.0.0.1", 0) as listening:
        with socket.create_connection(listening.getsockname()):
            connection, _ = listening.accept()
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            connection.close()
        assert address(listening) == f"http://127.0.0.1:{listening.getsockname()[1]}/"


def test_ctrl_c_ends_it_and_leaves_one_file(folder, serve, rater, tmp_path: Path) -> None:
    own = serve(folder.folder, f"sqlite:///{tmp_path / 'answers.sqlite3'}")
    rater(own.address).consent()
    assert own.process
    own.process.send_signal(signal.SIGINT)
    assert own.process.wait(60) == 130
    assert [path.name for path in tmp_path.iterdir()] == ["answers.sqlite3"]
