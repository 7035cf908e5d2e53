"""The page in a real browser: what it shows, what it can be asked, and that it asks nobody."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_selenium_python import Axe
from browser import Browser, browser
from commands import Recsys
from layouts import write_1m
from models import write_small_model
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from recsys_cli.config import ReportConfig
from recsys_cli.progress import Silent
from recsys_cli.report import make

HOSTILE = ("<script>alert(1)</script>", "\"quotes\" & 'more' </script><img src=x onerror=alert(2)>")


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as started:
        yield started


@pytest.fixture(scope="module")
def evaluation(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `recsys evaluate --json` says of the trained sample, on ratings that nobody has given yet."""
    folder = tmp_path_factory.mktemp("evaluation")
    fresh = folder / "fresh.dat"
    fresh.write_text(
        "".join(f"{line}\n" for line in _new_ratings(workspace / "data" / "sample")), encoding="utf-8"
    )
    command = [sys.executable, "-m", "recsys_cli", "evaluate", "--json", "--ratings", str(fresh)]
    done = subprocess.run(
        [*command, "--model", "recommender_system.inference.model"],
        cwd=workspace,
        capture_output=True,
        check=True,
    )
    path = folder / "evaluation.json"
    path.write_bytes(done.stdout)
    return path


def _new_ratings(data: Path) -> Iterator[str]:
    """Five movies a person, of those that they have not rated."""
    lines = (data / "ratings.dat").read_text(encoding="utf-8").splitlines()
    rated = {tuple(line.split("::")[:2]) for line in lines}
    users, movies = sorted({user for user, _ in rated}), sorted({movie for _, movie in rated})
    for user in users[:60]:
        unseen = [movie for movie in movies if (user, movie) not in rated]
        yield from (f"{user}::{movie}::{stars}::978300000" for stars, movie in enumerate(unseen[:5], start=1))


@pytest.fixture(scope="module")
def page(workspace: Path, evaluation: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    make.run(
        ReportConfig(
            model=workspace / "recommender_system.inference.model",
            movies_data=workspace / "movies_data.txt",
            data=workspace / "data" / "sample",
            evaluation=evaluation,
            output=path,
        ),
        Silent(),
    )
    return path


def test_it_shows_eight_sections_and_asks_nobody(chrome: Browser, page: Path) -> None:
    chrome.requests()
    chrome.complaints()
    chrome.open(page)
    assert chrome.all("h2") == [
        "Is it any good?",
        "How training went",
        "Beside every other method",
        "Can the stars be believed?",
        "What it learnt from",
        "A map of the movies",
        "Try it",
        "How it was made",
    ]
    assert chrome.run("return document.documentElement.classList.contains('ready')")
    assert chrome.complaints() == []
    assert [url for url in chrome.requests() if not url.startswith(("file:", "data:"))] == []
    unnamed = "return [...document.querySelectorAll('svg[role=img]')].filter((svg) => !svg.querySelector('desc'))"
    assert chrome.run(unnamed) == []
    assert len(chrome.all("figure svg[role=img]")) == len(chrome.all("figure details table")) > 12


def test_choosing_a_person_shows_what_the_command_prints(chrome: Browser, page: Path, recsys: Recsys) -> None:
    chrome.open(page)
    person = chrome.driver.find_elements(By.CLASS_NAME, "person")[0]
    for name, text in (("gender", "F"), ("age", "45-49"), ("job", "lawyer")):
        Select(person.find_element(By.NAME, name)).select_by_visible_text(text)
    wanted = recsys.json("recommend", "-g", "F", "-a", "47", "-j", "lawyer", "-k", "10")["movies"]
    rows = [
        row.find_elements(By.CSS_SELECTOR, "th, td") for row in person.find_elements(By.CSS_SELECTOR, "tbody tr")
    ]
    shown = [
        (cells[0].text, cells[1].text.removesuffix(" only here"), cells[2].text, cells[3].text) for cells in rows
    ]
    assert shown == [
        (str(movie["rank"]), movie["title"], f"{movie['score']:.3f}", f"{movie['stars']:.1f}") for movie in wanted
    ]
    both = [set(chrome.run(f"return [...document.querySelectorAll('.person')[{place}].querySelectorAll("
                           "'tbody tr')].map((row) => row.dataset.id)")) for place in (0, 1)]  # fmt: skip
    assert len(chrome.all(".person:first-child tr.only")) == len(both[0] - both[1])
    shared = len(both[0] & both[1])
    assert chrome.all("#differs") == [f"The two lists share {shared} of 10 movies; the others are marked."]


def test_a_search_lights_the_movie_up(chrome: Browser, page: Path, recsys: Recsys) -> None:
    chrome.open(page)
    chrome.driver.find_element(By.ID, "map-search").send_keys("matrix")
    assert chrome.all(".tip b") == ["The Matrix (1999)"]
    assert len(chrome.all(".overlay .halo")) == 1
    wanted = recsys.json("similar", "The Matrix", "-k", "10")["movies"]
    assert chrome.all("#map-near button") == [movie["title"] for movie in wanted]
    assert chrome.all("#map-near small") == [f"{movie['similarity']:.3f}" for movie in wanted]
    chrome.driver.find_element(By.ID, "alike-search").send_keys("matrix")
    ids = "return [...document.querySelectorAll('#alike li')].map((item) => Number(item.dataset.id))"
    assert chrome.run(ids) == [movie["movie_id"] for movie in wanted]


def test_the_keyboard_alone_is_enough(chrome: Browser, page: Path) -> None:
    chrome.open(page)
    reached = set()
    for _ in range(90):
        chrome.driver.switch_to.active_element.send_keys(Keys.TAB)
        focused = chrome.driver.switch_to.active_element
        reached.add(focused.get_attribute("id") or focused.get_attribute("class") or focused.tag_name)
    assert {"map-search", "stage", "one-gender", "another-job", "alike-search", "summary"} <= reached
    stage = chrome.driver.find_element(By.CLASS_NAME, "stage")
    stage.send_keys(Keys.ARROW_RIGHT)
    first = chrome.all(".tip b")
    stage.send_keys(Keys.ARROW_DOWN)
    second = chrome.all(".tip b")
    assert first != second
    assert len(chrome.all("#map-near li")) == 10
    stage.send_keys(Keys.ESCAPE)
    assert chrome.all("#map-near li") == []


@pytest.mark.parametrize("width", [400, 1280])
def test_no_width_scrolls_sideways(chrome: Browser, page: Path, width: int) -> None:
    chrome.open(page, width=width)
    chrome.run("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    assert chrome.run("return document.documentElement.scrollWidth") <= width


def test_pictures_and_tables_stay_without_javascript(chrome: Browser, page: Path) -> None:
    chrome.open(page, scripts=False)
    text = chrome.driver.find_element(By.TAG_NAME, "body").text
    assert "Choosing needs JavaScript; without it two people's lists are shown." in text
    assert len(chrome.driver.find_elements(By.CSS_SELECTOR, ".person tbody tr")) == 20
    drawn = [svg.size["width"] for svg in chrome.driver.find_elements(By.CSS_SELECTOR, "figure svg")]
    assert min(drawn) > 250
    chrome.open(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(chrome: Browser, page: Path, scheme: str) -> None:
    chrome.open(page, scheme=scheme)
    chrome.driver.find_element(By.ID, "map-search").send_keys("matrix")
    axe = Axe(chrome.driver)
    axe.inject()
    found: dict[str, Any] = axe.run()
    violations = [
        (entry["id"], [node["html"][:120] for node in entry["nodes"]][:3]) for entry in found["violations"]
    ]
    assert violations == []
    assert len(found["passes"]) > 15


def test_titles_are_never_markup(chrome: Browser, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    write_1m(data)
    lines = (data / "movies.dat").read_text(encoding="latin-1").splitlines()
    for place, title in enumerate(HOSTILE):
        number, _, genres = lines[place].split("::")
        lines[place] = f"{number}::{title}::{genres}"
    (data / "movies.dat").write_text("\n".join(lines) + "\n", encoding="latin-1")
    write_small_model(tmp_path / "model", data)
    config = ReportConfig(model=tmp_path / "model", output=tmp_path / "report.html")
    make.run(config, Silent())
    chrome.complaints()
    chrome.open(tmp_path / "report.html")
    assert chrome.complaints() == []
    assert chrome.run("return document.querySelectorAll('img').length") == 0
    assert chrome.run("return document.scripts.length") == 2
    names = chrome.run("return JSON.parse(document.getElementById('page-data').textContent).titles")
    assert set(HOSTILE) <= set(names)
    shown = " ".join(chrome.all(".answers td:nth-child(2)"))
    assert all(title in shown for title in HOSTILE)
    chrome.driver.find_element(By.ID, "map-search").send_keys("alert(1)")
    assert chrome.all(".tip b") == [HOSTILE[0]]
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert re.findall(r"<script[^>]*>", text) == ['<script type="application/json" id="page-data">', "<script>"]
    assert json.dumps(HOSTILE[0])[1:-1] not in text
