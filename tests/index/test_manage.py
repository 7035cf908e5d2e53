"""`recsys index`, as a person would call it."""

import json
import re
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from layouts import write_1m
from milvus_server import Server
from models import write_small_model, write_small_movies_data

from recsys_cli.cli import main
from recsys_cli.config import StoreConfig
from recsys_cli.store import open_store
from recsys_cli.store.collection_ops import read_alias


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small model and its movies_data.txt."""
    data = tmp_path / "data"
    data.mkdir()
    write_1m(data)
    write_small_movies_data(tmp_path / "movies_data.txt", write_small_model(tmp_path / "model", data))
    return tmp_path


def call(folder: Path, *arguments: str) -> Result:
    """Run ``recsys index`` on the folder."""
    files = ["--model", str(folder / "model"), "--movies-data", str(folder / "movies_data.txt")]
    return CliRunner().invoke(main, ["index", *files, *arguments], env={"COLUMNS": "80"})


def shown(result: Result) -> dict[str, str]:
    """The printed lines by their names."""
    assert result.exit_code == 0, result.stderr
    return dict(re.split(r" +", line, maxsplit=1) for line in result.stdout.splitlines())


def test_index_that_is_not_there(folder: Path) -> None:
    result = call(folder)
    path = folder / "model.milvus.db"
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: {path}: there is no index yet; 'recsys recommend --import' makes it\n"
    assert not path.exists()


def test_rebuilt_index_is_shown_and_dropped(folder: Path) -> None:
    built = call(folder, "--rebuild", "--index-type", "hnsw", "--m", "8")
    assert built.stderr == "Importing 4 movies: as asked.\n"
    lines = shown(built)
    assert lines["Built"].startswith("4 movies in ")
    assert lines["Version"].startswith("milvus_lite-")
    assert lines["Matches"] == "yes, model and movies"
    assert lines["Movies"] == "4"
    assert lines["Type"] == "hnsw (M 8, efConstruction 128)"
    assert lines["Vectors"] == "6 dimensions, 0.0 MB"

    document = json.loads(call(folder, "--json").stdout)
    assert document["matches"] is True
    assert document["index"]["collection"] == lines["Index"]
    assert document["index"]["index_params"] == {"M": "8", "efConstruction": "128"}
    assert document["index"]["rows"] == 4

    dropped = shown(call(folder, "--drop"))
    assert (dropped["Dropped"], dropped["Index"]) == (lines["Index"], "none")


def test_index_of_another_model_or_other_movies_is_said_not_to_match(folder: Path) -> None:
    call(folder, "--rebuild")
    movies_data = folder / "movies_data.txt"
    text = movies_data.read_text()
    movies_data.write_text(text.replace("Heat", "Heist"))
    assert shown(call(folder))["Matches"] == "no: it belongs to another movies_data.txt"
    movies_data.write_text(text)
    write_small_model(folder / "model", folder / "data", seed=2)
    assert shown(call(folder))["Matches"] == "no: it belongs to another model"
    movies_data.unlink()
    assert shown(call(folder))["Matches"].startswith("unknown: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--drop", "--rebuild"], "--drop and --rebuild contradict each other; leave one out"),
        (["--ef", "64"], "an index's type and parameters are chosen when it is built: give --rebuild too"),
        (["--rebuild", "--m", "1"], "--m 1 is not in 2..2048"),
        (["--rebuild", "--nlist", "4", "--nprobe", "8"], "--nprobe 8 is not in 1..4"),
        (["--timeout", "0"], "--timeout 0 is not in (0, 3600] seconds"),
    ],
)
def test_impossible_options(folder: Path, arguments: list[str], message: str) -> None:
    result = call(folder, *arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"Error: {message}\n")


def test_type_that_the_backend_would_replace(folder: Path) -> None:
    result = call(folder, "--rebuild", "--index-type", "autoindex")
    assert result.exit_code == 1
    path = folder / "model.milvus.db"
    assert result.stderr.splitlines()[-1] == (
        f"Error: --index-type autoindex: {path} supports flat, hnsw, ivf_flat"
    )


def test_an_index_whose_update_did_not_end_is_nobodys(folder: Path) -> None:
    name = ["--collection", "recsys", "--milvus-uri", str(folder / "milvus.db")]
    assert call(folder, *name, "--rebuild").exit_code == 0
    with open_store(StoreConfig(uri=str(folder / "milvus.db"))) as store:
        link, current = store._link, read_alias(store._link, "recsys")  # type: ignore[attr-defined]
        assert current is not None
        collection, meta = current
        link.call(link.client.alter_collection_properties, collection, meta.being_changed().to_properties())
    lines = shown(call(folder, *name))
    assert lines["Matches"] == "no: an import into it is going on, or did not end"
    files = ["--model", str(folder / "model"), "--movies-data", str(folder / "movies_data.txt"), *name]
    refused = CliRunner().invoke(main, ["recommend", *files, "--no-import"])
    assert refused.stderr == (
        "Error: an import into the index is going on, or did not end; leave out --no-import to import the movies\n"
    )
    answered = CliRunner().invoke(main, ["recommend", *files])
    assert answered.stderr.startswith(
        "Importing 4 movies: an import into the index is going on, or did not end.\n"
    )
    assert shown(call(folder, *name))["Matches"] == "yes, model and movies"


def test_file_of_milvus_lite_2(folder: Path) -> None:
    path = folder / "model.milvus.db"
    sqlite3.connect(path).execute("create table t (x)").connection.close()
    result = call(folder)
    assert result.exit_code == 1
    assert (
        result.stderr == f"Error: {path} is a file, of Milvus Lite 2 or of something else: name another folder\n"
    )


def test_secrets_of_a_server_are_not_shown(folder: Path, milvus_server: Server) -> None:
    token_file = folder / "token"
    token_file.write_text(milvus_server.token + "\n")
    place = milvus_server.host_and_port
    server = ["--milvus-uri", f"https://{place}", "--milvus-ca", str(milvus_server.ca_path)]
    for arguments in ([], ["--json"], ["--verbose"]):
        result = call(folder, *server, "--milvus-token-file", str(token_file), *arguments)
        assert result.exit_code == 0, result.stderr
        assert place in result.stdout
        assert "Milvus" not in result.output.replace("milvus", "")
    refused = call(folder, *server, "--milvus-token", "root:hidden")
    assert refused.exit_code == 1
    assert refused.stderr == f"Error: https://{place}: the server refuses the token given; see --milvus-token\n"
