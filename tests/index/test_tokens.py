"""The token of a server in every place where a person may put it: it is in nothing that is printed."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from layouts import write_1m
from milvus_server import Server
from models import write_small_model, write_small_movies_data

from recsys_cli.cli import main
from recsys_cli.config import StoreConfig
from recsys_cli.errors import ConfigError

_PLACES = ["address", "option", "file", "variable"]
_REFUSED = "the server refuses the token given; see --milvus-token"
_ASKS = "the server asks for a token; see --milvus-token"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model and its movies_data.txt."""
    folder = tmp_path_factory.mktemp("tokens")
    (folder / "data").mkdir()
    write_1m(folder / "data")
    write_small_movies_data(folder / "movies_data.txt", write_small_model(folder / "model", folder / "data"))
    return folder


def call(folder: Path, server: Server, place: str, token: str, *arguments: str) -> Result:
    """Run ``recsys index`` with the token in one place."""
    userinfo = f"{token}@" if place == "address" else ""
    where = {"address": [], "option": ["--milvus-token", token], "variable": []}
    (folder / "token").write_text(f"{token}\nsecond line\n")
    where["file"] = ["--milvus-token-file", str(folder / "token")]
    options = [
        *("index", "--model", str(folder / "model"), "--movies-data", str(folder / "movies_data.txt")),
        *("--milvus-uri", f"https://{userinfo}{server.host_and_port}", "--milvus-ca", str(server.ca_path)),
        *("--collection", "tokens", *where[place], *arguments),
    ]
    variable = token if place == "variable" else None
    return CliRunner().invoke(main, options, env={"COLUMNS": "80", "RECSYS_MILVUS_TOKEN": variable})


@pytest.mark.parametrize("place", _PLACES)
def test_right_token_opens_and_is_not_shown(
    folder: Path,
    milvus_server: Server,
    place: str,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level("DEBUG"):
        for arguments in ([], ["--json"], ["--verbose"]):
            done = call(folder, milvus_server, place, milvus_server.token, *arguments)
            assert done.exit_code == 0, done.output
            assert milvus_server.host_and_port in done.stdout
            assert "Milvus" not in done.output + "".join(capfd.readouterr()) + caplog.text


@pytest.mark.parametrize("place", _PLACES)
@pytest.mark.parametrize("token", ["root:hid%den", "hid-key-den", "nobody:hidden"])
def test_wrong_token_is_refused_and_not_shown(
    folder: Path, milvus_server: Server, place: str, token: str, capfd: pytest.CaptureFixture[str]
) -> None:
    hidden = "***@" if place == "address" else ""
    for arguments in (["--verbose"], ["--json"]):
        done = call(folder, milvus_server, place, token, *arguments)
        assert (done.exit_code, done.stdout) == (1, "")
        assert done.stderr.splitlines()[-1] == f"Error: https://{hidden}{milvus_server.host_and_port}: {_REFUSED}"
        assert "hid" not in done.output + "".join(capfd.readouterr())


@pytest.mark.parametrize("place", ["option", "file", "variable"])
def test_empty_token(folder: Path, milvus_server: Server, place: str) -> None:
    done = call(folder, milvus_server, place, "")
    assert done.stderr == f"Error: https://{milvus_server.host_and_port}: {_ASKS}\n"


@pytest.mark.parametrize("password", ["a/hidden", "a?hidden", "a#hidden", "hidden/", "/a@hidden"])
def test_password_that_cannot_stand_in_an_address_is_not_shown(password: str) -> None:
    with pytest.raises(ConfigError) as caught:
        StoreConfig(uri=f"http://root:{password}@host:19530")
    assert str(caught.value) == (
        "--milvus-uri 'http://***@host:19530': a password with '/', '?' or '#' cannot stand in an address; use "
        "--milvus-token-file"
    )


def test_address_without_a_scheme_hides_its_password() -> None:
    with pytest.raises(ConfigError) as caught:
        StoreConfig(uri="root:hidden@host:19530")
    assert str(caught.value) == (
        "--milvus-uri '***@host:19530' is none of: a folder ending in .db, http://HOST:PORT, https://HOST:PORT, "
        "tcp://HOST:PORT, exact"
    )


def test_help_says_that_the_list_of_processes_shows_the_option() -> None:
    shown = " ".join(CliRunner().invoke(main, ["index", "--help"], env={"COLUMNS": "200"}).stdout.split())
    assert "The list of processes shows it: prefer the file, or the variable RECSYS_MILVUS_TOKEN." in shown
