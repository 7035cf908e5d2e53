"""The pages of the service in a real browser: live answers, and nothing from elsewhere."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_selenium_python import Axe
from browser import Browser, browser
from commands import Recsys
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait
from serving import Server, serving

TOKEN = "0123456789abcdef-secret"
ROWS = (
    "return [...document.querySelectorAll('tbody tr')].map((row) => [row.querySelector('button').textContent, "
    "...[...row.querySelectorAll('td')].slice(1).map((cell) => cell.textContent)])"
)


@pytest.fixture(scope="module")
def server(workspace: Path) -> Iterator[Server]:
    with serving(workspace) as started:
        yield started


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as started:
        yield started


def shows(chrome: Browser, heading: str) -> None:
    """Wait until the answer has this heading."""
    WebDriverWait(chrome.driver, 10).until(lambda _: chrome.all("#heading") == [heading])


def click(chrome: Browser, selector: str) -> None:
    WebDriverWait(chrome.driver, 10).until(lambda _: chrome.all(selector))
    chrome.driver.find_element(By.CSS_SELECTOR, selector).click()


def movies(answer: dict[str, Any], number: str) -> list[list[str]]:
    return [
        [movie["title"], f"{movie[number]:.3f}", f"{movie['stars']:.1f}" if movie.get("stars") else ""]
        for movie in answer["movies"]
    ]


def test_a_person_a_favourite_and_movies_like_one(chrome: Browser, server: Server, recsys: Recsys) -> None:
    chrome.requests()
    chrome.complaints()
    chrome.open(server.url)
    shows(chrome, "For nobody in particular")
    for name, text in (("gender", "F"), ("age", "45-49"), ("job", "lawyer"), ("genre", "Comedy")):
        Select(chrome.driver.find_element(By.NAME, name)).select_by_visible_text(text)
    shows(chrome, "For F, 45-49, lawyer")
    person = ("-g", "F", "-a", "45", "-j", "lawyer", "--genre", "Comedy", "-k", "10")
    WebDriverWait(chrome.driver, 10).until(
        lambda _: chrome.run(ROWS) == movies(recsys.json("recommend", *person), "score")
    )
    chrome.driver.find_element(By.ID, "search").send_keys("matr")
    click(chrome, "#found button")
    shows(chrome, "For F, 45-49, lawyer; likes The Matrix (1999)")
    liked = recsys.json("recommend", *person, "--like", "The Matrix")
    assert chrome.run(ROWS) == movies(liked, "score")
    click(chrome, "tbody tr:first-child button")
    first = liked["movies"][0]
    shows(chrome, f"Like {first['title']}")
    alike = recsys.json("similar", f"id:{first['movie_id']}", "--genre", "Comedy")
    assert chrome.run(ROWS) == movies(alike, "similarity")
    click(chrome, "#back")
    shows(chrome, "For F, 45-49, lawyer; likes The Matrix (1999)")
    click(chrome, "#likes button")
    shows(chrome, "For F, 45-49, lawyer")
    assert chrome.complaints() == []
    assert {url for url in chrome.requests() if not url.startswith((server.url, "data:"))} == set()


def test_an_error_is_shown(chrome: Browser, server: Server) -> None:
    chrome.open(server.url)
    shows(chrome, "For nobody in particular")
    chrome.run("const option = document.createElement('option'); option.value = 'Comdy'; "
               "document.querySelector('#genre').append(option); option.selected = true; "
               "document.querySelector('#genre').dispatchEvent(new Event('change', {bubbles: true}))")  # fmt: skip
    WebDriverWait(chrome.driver, 10).until(lambda _: chrome.all("#status.refused"))
    assert chrome.all("#status")[0].startswith("--genre: 'Comdy' is not a genre of these movies; near: Comedy")
    chrome.complaints()


def test_the_keyboard_alone_is_enough(chrome: Browser, server: Server) -> None:
    chrome.open(server.url)
    shows(chrome, "For nobody in particular")
    reached = []
    for _ in range(8):
        chrome.driver.switch_to.active_element.send_keys(Keys.TAB)
        reached.append(chrome.driver.switch_to.active_element.get_attribute("id"))
    assert {"gender", "age", "job", "genre", "search"} <= set(reached)
    search = chrome.driver.find_element(By.ID, "search")
    search.send_keys("speed")
    WebDriverWait(chrome.driver, 10).until(lambda _: chrome.all("#found button"))
    search.send_keys(Keys.ENTER)
    shows(chrome, "For likes Speed (1994)")
    assert chrome.driver.switch_to.active_element.get_attribute("id") == "search"


@pytest.mark.parametrize(("width", "scheme"), [(400, "light"), (1280, "dark")])
def test_every_width_and_scheme_is_fit_to_read(chrome: Browser, server: Server, width: int, scheme: str) -> None:
    chrome.open(server.url, width=width, scheme=scheme)
    shows(chrome, "For nobody in particular")
    assert chrome.run("return document.documentElement.scrollWidth") <= width
    axe = Axe(chrome.driver)
    axe.inject()
    found: dict[str, Any] = axe.run()
    violations = [(one["id"], [node["html"][:120] for node in one["nodes"]][:3]) for one in found["violations"]]
    assert violations == []
    assert len(found["passes"]) > 10


def test_the_schema_is_shown_without_the_internet(chrome: Browser, server: Server) -> None:
    chrome.requests()
    chrome.complaints()
    chrome.open(f"{server.url}/docs")
    WebDriverWait(chrome.driver, 20).until(lambda _: len(chrome.all(".opblock")) == 6)
    assert sorted({path.replace("\u200b", "") for path in chrome.all(".opblock-summary-path")}) == [
        "/health",
        "/movies",
        "/recommend",
        "/similar",
    ]
    assert chrome.complaints() == []
    assert {url for url in chrome.requests() if not url.startswith((server.url, "data:"))} == set()


def test_the_page_asks_for_the_token(chrome: Browser, workspace: Path) -> None:
    with serving(workspace, "--host", "0.0.0.0", token=TOKEN) as server:
        chrome.open(server.url)
        WebDriverWait(chrome.driver, 10).until(lambda _: chrome.driver.find_element(By.ID, "token").is_displayed())
        chrome.driver.find_element(By.ID, "token").send_keys(TOKEN, Keys.ENTER)
        shows(chrome, "For nobody in particular")
        WebDriverWait(chrome.driver, 10).until(lambda _: len(chrome.run(ROWS)) == 10)
        chrome.complaints()
