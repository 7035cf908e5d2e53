"""`recsys report` from a shell: the same inputs give the same bytes, and what is missing is said."""

import json
import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from layouts import write_1m
from models import write_small_model
from PIL import Image

from recsys_cli.cli import main
from recsys_cli.errors import DataError
from recsys_cli.model.folder import ModelFolder
from recsys_cli.progress import Silent
from recsys_cli.report.drawing import GENRES, PALETTE
from recsys_cli.report.evaluation_file import read_evaluation
from recsys_cli.report.movie_map import movie_map
from recsys_cli.training import validation

ROOT = Path(__file__).parents[2]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    write_1m(tmp_path / "data")
    return write_small_model(tmp_path / "model", tmp_path / "data").path


def report(model: Path, *arguments: str) -> str:
    result = CliRunner().invoke(main, ["report", "--model", str(model), *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_same_inputs_same_bytes(model: Path) -> None:
    pages = []
    for place in range(2):
        output, pictures = model.parent / f"{place}.html", model.parent / f"pictures{place}"
        report(model, "-o", str(output), "--pictures", str(pictures))
        (model.parent / "model.map.npz").unlink()
        pages.append({path.name: path.read_bytes() for path in (output, *sorted(pictures.iterdir()))})
    assert list(pages[0].values()) == list(pages[1].values())
    names = [path.name for path in sorted((model.parent / "pictures0").iterdir())]
    assert {name.rsplit(".", 1)[1] for name in names} == {"svg", "png"}
    assert "by-value.svg" in names
    with Image.open(model.parent / "pictures0" / "map.png") as picture:
        colours = {colour for _, colour in picture.convert("RGB").getcolors(1 << 20) or ()}
    dots = {tuple(bytes.fromhex(light[1:])) for light, _ in GENRES}
    assert len(colours & dots) >= 3


def test_what_is_missing_names_the_command_that_makes_it(model: Path) -> None:
    summary = json.loads(report(model, "-o", str(model.parent / "report.html"), "--json"))
    assert summary["missing"] == [
        "Not measured beside other methods yet: 'recsys evaluate --json > evaluation.json' does it, "
        "'recsys report --evaluation evaluation.json' shows it.",
        "This model was written without the history of its epochs: 'recsys train' keeps it.",
        "Not measured beside other methods yet: 'recsys evaluate --json > evaluation.json' does it, "
        "'recsys report --evaluation evaluation.json' shows it.",
        "Nothing was held out to compare the stars with: 'recsys train --holdout 0.1' does it.",
    ]
    page = (model.parent / "report.html").read_text(encoding="utf-8")
    assert summary["num_bytes"] == len(page.encode())


def number(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.01, "high": value + 0.01}


def test_an_evaluation_is_drawn_and_no_picture_replaces_another(model: Path) -> None:
    """Two methods, and people by gender; the least that a document of evaluate has."""
    metrics = ("rmse", "ndcg", "coverage", "long_tail")
    rows = [
        {"name": name, "title": name.upper(), **{metric: number(value) for metric in metrics}}
        for name, value in (("model", 0.3), ("ease", 0.2))
    ]
    gaps = [{"metric": "ndcg", "baseline": "ease", "estimate": number(0.1)}]
    by = {"gender": [{"value": "F", "users": 7, "ndcg": number(0.31), "rmse": None}, {"value": "M", "users": 2}]}
    group = {"kind": "known", "title": "Known users", "users": 9, "rankers": 9, "ratings": 20, "candidates": 4}
    group |= {"reference": "popular", "rows": rows, "differences": gaps, "by": by}
    document = {
        "data": "d",
        "fingerprint": "f",
        "objective": "hybrid",
        "k": 10,
        "seeds": [1],
        "protocol": [],
        "notes": [],
    }
    (model.parent / "e.json").write_text(
        json.dumps({**document, "groups": [group], "favourites": None, "seconds": 1})
    )
    options = ("--evaluation", str(model.parent / "e.json"), "--pictures", str(model.parent / "pictures"))
    summary = json.loads(report(model, "-o", str(model.parent / "report.html"), *options, "--json"))
    drawn = {path.stem for path in (model.parent / "pictures").glob("*.svg")}
    assert len(drawn) == summary["num_pictures"]
    assert {
        "breadth",
        "breadth-tail",
        "by-known-gender",
        "methods-known-ndcg",
        "verdict-ndcg",
        "long-tail",
    } <= drawn


def test_bad_lines_of_the_data_are_left_out_and_counted(model: Path) -> None:
    data = model.parent / "data"
    with (data / "ratings.dat").open("a") as file:
        file.write("no rating\n")
    output = model.parent / "report.html"
    summary = json.loads(report(model, "--data", str(data), "-o", str(output), "--json"))
    line = f"Bad lines of {data} that are left out: 1; 'recsys check {data}' lists them."
    assert line in summary["missing"]
    assert "that are left out: 1;" in output.read_text(encoding="utf-8")


def test_the_map_is_computed_once_for_a_model(model: Path) -> None:
    folder = ModelFolder.open(model)
    first = movie_map(folder, Silent())
    kept = model.parent / "model.map.npz"
    before = kept.stat().st_mtime_ns
    again = movie_map(folder, Silent())
    assert kept.stat().st_mtime_ns == before
    np.testing.assert_array_equal(first.places, again.places)
    other = write_small_model(model, model.parent / "data", seed=2)
    movie_map(other, Silent())
    assert kept.stat().st_mtime_ns != before
    kept.write_bytes(b"damaged")
    np.testing.assert_array_equal(movie_map(other, Silent()).movie_ids, other.movie_ids)


@pytest.mark.parametrize(
    ("content", "reason"),
    [("{}", "Object missing required field `data`"), ("[]", "Expected `object`, got `array`")],
)
def test_another_document_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "evaluation.json"
    path.write_text(content)
    with pytest.raises(DataError) as error:
        read_evaluation(path)
    assert str(error.value) == (
        f"{path}: not what 'recsys evaluate --json' prints: {reason}; write it with 'recsys evaluate --json'"
    )


def test_colours_have_contrast_and_are_told_apart_by_the_colour_blind() -> None:
    for mode in (0, 1):
        card = PALETTE["card"][mode]
        for name in ("ink", "soft", "model", "rival"):
            assert contrast(PALETTE[name][mode], card) >= 4.5, name
        for name in ("other", "fill", *(f"genre-{place}" for place in range(len(GENRES)))):
            assert contrast(PALETTE[name][mode], card) >= 3, name
        for kind in (PROTANOPIA, DEUTERANOPIA):
            seen = [np.clip(linear(pair[mode]) @ np.array(kind).T, 0, 1) for pair in GENRES[:-1]]
            for (a, first), (b, second) in combinations(enumerate(seen), 2):
                assert np.abs(first ** (1 / 2.2) - second ** (1 / 2.2)).sum() > 0.25, (mode, a, b)


# Machado, Oliveira, Fernandes 2009, severity 1.
PROTANOPIA = ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998))
DEUTERANOPIA = ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881))


def linear(colour: str) -> np.ndarray:
    values = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(first: str, second: str) -> float:
    light = sorted((float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (first, second)), reverse=True)
    return (light[0] + 0.05) / (light[1] + 0.05)


def test_an_installed_wheel_holds_the_template(tmp_path: Path) -> None:
    build = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv.pop()))"
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md"):
        (source / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run(["cp", "-r", ROOT / "recsys_cli", source], check=True)
    done = subprocess.run(
        [sys.executable, "-c", build, str(tmp_path)], cwd=source, capture_output=True, text=True, check=True
    )
    wheel = tmp_path / done.stdout.splitlines()[-1]
    code = (
        "from recsys_cli.report.page import Page, Section, render; "
        "print(len(render(Page(title='T', subtitle='', sections=[Section(name='a', title='A')]))))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(wheel)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 0, shown.stderr
    assert int(shown.stdout) > 10_000


def test_train_and_evaluate_write_it_when_asked(tmp_path: Path) -> None:
    model, page = tmp_path / "model", tmp_path / "report.html"
    data = ["--data", str(ROOT / "data" / "sample")]
    options = [
        "--model",
        str(model),
        "--embedding-dim",
        "16",
        "--epochs",
        "2",
        "--no-refit",
        "--report",
        str(page),
    ]
    done = CliRunner().invoke(main, ["train", *data, *options])
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1].startswith(f"wrote {page}: ")
    text = page.read_text(encoding="utf-8")
    assert "Training loss by epoch" in text
    some, most = validation._SAMPLE, validation._MOST
    assert f"An epoch is measured on up to {some:,} people, a dashed line on up to {most:,}." in text
    assert "Estimated against given stars" in text
    assert "Known users: NDCG@10" not in text
    done = CliRunner().invoke(main, ["evaluate", *data, "--model", str(model), "--report", str(page)])
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1].startswith(f"wrote {page}: ")
    assert "Known users: NDCG@10" in page.read_text(encoding="utf-8")


def test_evaluate_refuses_a_report_without_a_model_before_it_works(tmp_path: Path) -> None:
    arguments = ["--model", str(tmp_path / "none"), "--report", str(tmp_path / "report.html")]
    done = CliRunner().invoke(main, ["evaluate", *arguments])
    assert done.exit_code == 1
    assert done.stderr == (
        f"Error: No model at '{tmp_path / 'none'}': run 'recsys train' first, or name one with --model\n"
    )
