"""The survey's server: nothing lost by a kill, nothing let in unchecked, many experts at once, SQL while it runs."""

import json
import shutil
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from deepminer_ray.annotation.sent import Save, read_message
from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput
from deepminer_ray.stages.annotate import annotate
from deepminer_ray.survey.desk import Desk, Settings
from deepminer_ray.survey.gallery import BESIDE, RULES, SHOWN
from tests.survey.conftest import ServedHere, served, served_here

MASS = {"recognizable": True, "phenomena": [{"category": "Mass", "terms": ["spiculated"], "association": "malignant"}]}
NOTHING = {"recognizable": False}
SCRIPT = "<script>alert('x')</script>\"'; drop table annotation; --"


def data_of(home: str, place: int) -> dict[str, Any]:
    """What the page of a question gives its script."""
    page = httpx.get(f"{home}{place + 1}").text
    text = page.split('<script type="application/json" class="data">')[1].split("</script>")[0]
    found: dict[str, Any] = json.loads(text)
    return found


def save(home: str, place: int, answer: dict[str, Any], **changed: Any) -> httpx.Response:
    body = {"place": place, "order": data_of(home, place)["order"], "answer": answer} | changed
    return httpx.post(f"{home}answer", json=body)


def rows(run: Run, text: str = "from annotation order by annotator, unit, version, position") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run.ask(text).to_pylist()
    return found


def test_an_answer_outlives_a_kill_and_is_folded_in_later(run: Run) -> None:
    """SIGKILL right after the page says saved; another process sees the answer before, after, and once folded in."""
    with served(run, "--port", "0", "--expert", "Anna") as first:
        home = first.home["Anna"]
        assert save(home, 0, NOTHING).json()["version"] == 1
        assert save(home, 0, MASS).json()["version"] == 2
        first.kill()
    (version_1, version_2) = rows(run)
    assert (version_1["recognizable"], version_2["phenomenon"]) == (False, "mass: spiculated")
    assert (version_2["category"], version_2["terms"], version_2["association"]) == ("Mass", "spiculated", "malignant")
    assert [row["version"] for row in rows(run, "from annotation_now")] == [2]
    with served(run, "--port", first.port) as second:
        assert second.home == first.home, "links stay"
        assert data_of(home, 0)["answer"]["phenomena"][0]["terms"] == ["spiculated"]
        assert rows(run) == [version_1, version_2], "folded in once"
        assert save(home, 0, NOTHING).json()["version"] == 3
        assert second.stop() == ""
    assert not run.journal.exists()
    assert [row["version"] for row in rows(run)] == [1, 2, 3]
    assert run.audit() == {}


def test_folding_in_twice_doubles_nothing(run: Run) -> None:
    """A kill between the commit and the removal of the journal."""
    desk = Desk(run, Settings())
    desk.save("Anna", read_message(Save, {"place": 0, "order": desk.order("Anna"), "answer": MASS}))
    kept = run.journal.read_bytes()
    desk.close()
    before = rows(run)
    run.journal.write_bytes(kept)
    assert rows(run) == before
    assert run.fold() == 0
    assert rows(run) == before and not run.journal.exists()


def test_twenty_experts_at_once_lose_nothing(run: Run) -> None:
    names = [f"Expert {number}" for number in range(20)]
    options = [option for name in names for option in ("--expert", name)]
    with served(run, "--port", "0", *options) as survey:
        order = {name: data_of(survey.home[name], 0)["order"] for name in names}

        def answered(name: str) -> list[int]:
            with httpx.Client() as client:
                said = [
                    client.post(
                        f"{survey.home[name]}answer",
                        json={"place": place % 3, "order": order[name], "answer": [MASS, NOTHING][place // 3 % 2]},
                    )
                    for place in range(12)
                ]
            assert [one.status_code for one in said] == [200] * 12
            return [one.json()["version"] for one in said]

        with ThreadPoolExecutor(20) as pool:
            versions = list(pool.map(answered, names))
        assert versions == [[1] * 3 + [2] * 3 + [3] * 3 + [4] * 3] * 20
        survey.kill()
    found = rows(run)
    assert len(found) == 20 * 12
    assert len({(row["annotator"], row["unit"], row["version"]) for row in found}) == 20 * 12


def test_a_damaged_journal_locks_nobody_out(run: Run) -> None:
    """What is whole is read, folded in and goes on; the rest is set aside, and said."""
    with served(run, "--port", "0") as survey:
        for place in (0, 1):
            assert save(survey.home["expert"], place, MASS).status_code == 200
        survey.kill()
    first, second = run.journal.read_bytes().splitlines(keepends=True)
    run.journal.write_bytes(first + b"\n" + first[:40] + b"\n" + b"\0" * 100 + second)
    before = rows(run)
    assert len(before) == 2
    with served(run, "--port", "0") as survey:
        assert httpx.get(survey.home["expert"]).status_code == 200
        assert save(survey.home["expert"], 2, MASS).status_code == 200
        survey.stop()
    assert [row for row in rows(run) if row["unit"] in {old["unit"] for old in before}] == before
    assert len(rows(run)) == 3 and not run.journal.exists()
    assert (run.folder / "annotation.damaged").read_bytes() == first[:40] + b"\n"


def test_a_request_that_breaks_off_is_nothing_to_tell(run: Run) -> None:
    with served(run, "--port", "0") as survey:
        path = survey.home["expert"].split(survey.port, 1)[1]
        for sent in (b"", b"{"):
            with socket.create_connection(("127.0.0.1", int(survey.port))) as raw:
                head = f"POST {path}answer HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                raw.sendall(head.encode() + b"Content-Length: 100\r\n\r\n" + sent)
                time.sleep(0.2)
        assert httpx.get(survey.home["expert"]).status_code == 200
        assert survey.stop() == ""
    assert rows(run) == []


def test_a_page_of_another_state_saves_nothing(run: Run) -> None:
    with served_here(run, "expert") as survey:
        home = survey.home["expert"]
        stale = save(home, 0, MASS, order="0123456789abcdef")
        assert stale.status_code == 409 and "load it again" in stale.json()["error"]
        order = data_of(home, 0)["order"]
        for place, status in ((-1, 400), (10_000, 409)):
            sent = {"place": place, "order": order, "answer": MASS}
            assert httpx.post(f"{home}answer", json=sent).status_code == status
        for body in (
            [],
            {},
            {"place": "0"},
            {"place": 0, "order": order, "answer": {"phenomena": 3}},
            {"place": 0, "order": order, "answer": {"recognizable": 1}},
            {"place": True, "order": order, "answer": MASS},
        ):
            assert httpx.post(f"{home}answer", json=body).status_code == 400
        assert httpx.post(f"{home}answer", content="{", headers={"Content-Type": "application/json"}).status_code == 400
    assert rows(run) == []


@pytest.mark.parametrize(
    "path",
    [
        "",
        "wrong/",
        "wrong/1",
        "{token}/0",
        "{token}/99999",
        "{token}/1'%20or%201=1",
        "{token}/../../run.duckdb",
        "{token}/%2e%2e/%2e%2e/run.duckdb",
        "{token}/1/../../../run.duckdb.png",
        "{token}/1/..%2f..%2f..%2frun.duckdb.png",
        "{token}/1/authors;drop.png",
        "{token}/99/authors.png",
        "{token}/-1/authors.png",
        "{token}/99/first.png",
        "{token}/film/99999.png",
        "{token}/film/../../../etc/passwd",
        "assets/../server.py",
        "assets/%2e%2e/server.py",
        "assets/..%2fserver.py",
    ],
)
def test_no_path_leads_anywhere_else(web: ServedHere, path: str) -> None:
    """Sent as written, for a client would tidy it up."""
    token = web.home["Anna"].rstrip("/").rsplit("/", 1)[1]
    with socket.create_connection(("127.0.0.1", int(web.port))) as raw:
        asked = f"GET /{path.format(token=token)} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        raw.sendall(asked.encode())
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    status = int(answer.split()[1])
    assert status == (200 if not path else 404), answer[:200]
    assert b"DUCK" not in answer and b"root:" not in answer and b"import " not in answer


@pytest.fixture(scope="module")
def web(ranked: Run, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One survey that several tests only look at, or are refused by."""
    made = Run(shutil.copytree(ranked.folder, tmp_path_factory.mktemp("web") / "run"))
    with served_here(made, "Anna", "Ben", labels=True) as survey:
        survey.run = made  # type: ignore[attr-defined]
        yield survey


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        ({"Origin": "http://evil.example"}, b"{}", 403),
        ({"Origin": "null"}, b"{}", 403),
        ({"Sec-Fetch-Site": "cross-site"}, b"{}", 403),
        ({"Sec-Fetch-Site": "same-site"}, b"{}", 403),
        ({"Content-Type": "text/plain"}, b"{}", 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"answer=1", 415),
        ({}, b" " * 100_000, 413),
        ({"Transfer-Encoding": "chunked"}, b"{}", 411),
        ({"Host": "evil.example"}, b"{}", 403),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, b"{}", 400),
    ],
)
def test_no_other_site_changes_anything(web: ServedHere, headers: dict[str, str], content: bytes, status: int) -> None:
    home = web.home["Anna"]
    sent = {"Content-Type": "application/json", "Origin": home.rsplit("/", 2)[0]} | headers
    body: Any = iter([content]) if "Transfer-Encoding" in headers else content
    for change in ("answer", "adjudicate"):
        assert httpx.post(f"{home}{change}", content=body, headers=sent).status_code == status
        body = content if "Transfer-Encoding" not in headers else iter([content])
    assert rows(web.run) == []  # type: ignore[attr-defined]


def test_what_was_typed_is_shown_as_typed_and_reaches_no_sql(run: Run) -> None:
    with served_here(run, "Anna", f"Ben {SCRIPT}"[:60]) as survey:
        anna, ben = survey.home.values()
        typed = {"recognizable": True, "phenomena": [{"text": SCRIPT}]}
        assert save(anna, 0, typed).status_code == 200
        assert save(ben, 0, NOTHING).status_code == 200
        for page in (httpx.get(f"{anna}1"), httpx.get(f"{anna}summary"), httpx.get(f"{ben}summary"), httpx.get(anna)):
            assert page.status_code == 200
            assert "<script>alert" not in page.text
            assert page.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")
        assert data_of(anna, 0)["answer"]["phenomena"][0]["text"] == SCRIPT
        assert "&lt;script&gt;" in httpx.get(f"{anna}summary").text
    assert [row["phenomenon"] for row in rows(run)] == [SCRIPT, None]


def test_suggestions_and_others_answers_wait_for_ones_own(run: Run) -> None:
    with served_here(run, "Anna", "Ben") as survey:
        anna, ben = survey.home["Anna"], survey.home["Ben"]
        assert "the run itself suggests" not in httpx.get(f"{anna}1").text
        assert "the run itself suggests" in save(anna, 0, MASS).json()["suggestions"]
        assert "the run itself suggests" in httpx.get(f"{anna}1").text
        assert "the run itself suggests" not in httpx.get(f"{ben}1").text
        assert "mass: spiculated" not in httpx.get(f"{ben}summary").text
        save(ben, 0, NOTHING)
        page = httpx.get(f"{ben}summary").text
        assert ("mass: spiculated" in page and "Cohen&#39;s kappa" in page) or "Cohen's kappa" in page


def test_an_adjudication_counts_and_keeps_both_originals(run: Run) -> None:
    with served_here(run, "Anna", "Ben") as survey:
        anna, ben = survey.home["Anna"], survey.home["Ben"]
        save(anna, 0, MASS)
        save(ben, 0, {"recognizable": True, "phenomena": [{"text": "vessel"}]})
        unit = rows(run)[0]["unit"]
        named = f"from unit_phenomenon where unit = {unit}"
        assert rows(run, named)[0]["phenomenon"] == "mass: spiculated; vessel"
        for body, status in (
            ({"unit": unit, "annotator": "Cleo"}, 409),
            ({"unit": "1", "annotator": "Anna"}, 400),
            ([], 400),
        ):
            assert httpx.post(f"{ben}adjudicate", json=body).status_code == status
        assert httpx.post(f"{ben}adjudicate", json={"unit": unit, "annotator": "Anna"}).status_code == 200
        assert rows(run, named)[0]["phenomenon"] == "mass: spiculated"
        assert {row["annotator"] for row in rows(run)} == {"Anna", "Ben", "adjudication by Ben"}
        assert httpx.post(f"{anna}adjudicate", json={"unit": unit, "annotator": "Ben"}).status_code == 200
        assert [row["phenomenon"] for row in rows(run, named)] == ["vessel"], "the last one counts"
        assert "adjudicated" in httpx.get(f"{anna}summary").text


def test_hidden_repeats_look_like_any_question(run: Run) -> None:
    with served_here(run, "Anna", repeats=2, shuffle=True) as survey:
        home = survey.home["Anna"]
        desk_order = [data_of(home, place) for place in range(20) if httpx.get(f"{home}{place + 1}").status_code == 200]
        shown = [json.dumps([[patch["film"], patch["box"]] for patch in one["patches"]]) for one in desk_order]
        twice = [place for place, one in enumerate(shown) if one in shown[:place]]
        assert len(twice) == 2
        first = shown.index(shown[twice[0]])
        save(home, first, MASS)
        again = data_of(home, twice[0])
        assert again["version"] is None and again["answer"]["phenomena"] == [], "the first answer is not shown"
        assert "unit_" not in httpx.get(f"{home}{twice[0] + 1}").text.replace("unit_page", "")
        assert save(home, twice[0], NOTHING).json()["version"] == 1, "nor that there was one"
        assert "0 of 1" in httpx.get(f"{home}summary").text
    assert [(row["repeat"], row["recognizable"]) for row in rows(run)] == [(False, True), (True, False)]
    assert [row["phenomenon"] for row in rows(run, "from annotation_now")] == ["mass: spiculated"]


def test_pictures_of_every_rule_and_scans_are_served_and_kept(web: ServedHere) -> None:
    home = web.home["Anna"]
    data = data_of(home, 0)
    activations = [patch["activation"] for patch in data["patches"]]
    assert activations.count("top") == SHOWN and activations.count("middle") == activations.count("low") == BESIDE
    assert all(patch["label"] in ("normal", "benign", "malignant") for patch in data["patches"]), "asked for: --labels"
    seen = set()
    for rule in RULES:
        picture = httpx.get(f"{home}1/{rule}.png")
        assert picture.status_code == 200 and picture.content.startswith(b"\x89PNG")
        assert "immutable" in picture.headers["cache-control"]
        seen.add(picture.content)
    assert len(seen) == len(RULES)
    mammogram = httpx.get(f"{home}film/{data['patches'][0]['film']}.png")
    assert mammogram.status_code == 200 and mammogram.content.startswith(b"\x89PNG")


def test_one_survey_of_a_run_at_a_time_and_imports_wait(run: Run, tmp_path: Path) -> None:
    names = tmp_path / "names.csv"
    names.write_text("unit,phenomenon\n1,mass\n")
    with served(run, "--port", "0"):
        command = [sys.executable, "-c", "from deepminer_ray.cli import main; main()", "survey", str(run.folder)]
        second = subprocess.run([*command, "--port", "0"], capture_output=True, text=True)
        assert second.returncode == 2 and "is being held: stop it first" in second.stderr
        with pytest.raises(BadInput, match="is being held"):
            annotate(run, str(names))
    annotate(run, str(names))
    assert [row["phenomenon"] for row in rows(run)] == ["mass"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--host", "256.1.1.1"], "cannot be served from"),
        (["--host", "203.0.113.7"], "cannot be served from"),
        (["--expert", "x" * 90], "is not a name for an expert"),
        (["--static", "OUT", "--repeats", "3"], "leave --repeats out"),
    ],
)
def test_what_cannot_be_served_is_one_sentence(run: Run, options: list[str], sentence: str) -> None:
    command = [sys.executable, "-c", "from deepminer_ray.cli import main; main()", "survey", str(run.folder)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and sentence in done.stderr and "Traceback" not in done.stderr


def test_a_taken_port_and_an_unranked_run_are_one_sentence(run: Run, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from deepminer_ray.cli import main; main()", "survey"]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        options = [str(run.folder), "--port", str(taken.getsockname()[1])]
        done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "use another --port" in done.stderr
    empty = Run.created(tmp_path / "empty")
    done = subprocess.run([*command, str(empty.folder)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "needs `rank` first" in done.stderr


def test_the_server_needs_neither_ray_nor_torch(run: Run) -> None:
    code = (
        "import sys, deepminer_ray.survey.serve, deepminer_ray.survey.static\n"
        "print({'ray', 'torch', 'sklearn', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
