"""`recsys preprocess` on the data sets of every layout."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from layouts import LAYOUTS
from models import write_small_model

from recsys_cli.cli import main


@pytest.mark.parametrize("format", LAYOUTS)
def test_movies_origin_stands_for_the_movies_of_any_layout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    LAYOUTS[format](tmp_path / "mine")
    write_small_model(tmp_path / "model", tmp_path / "mine")
    result = CliRunner().invoke(main, ["preprocess", "-f", "movies_origin.txt", "--model", "model"])
    assert result.exit_code == 0, result.stderr
    lines = (tmp_path / "movies_data.txt").read_text().splitlines()
    assert len(lines) == 5
    assert lines[3].endswith("::Cité des enfants perdus, La (1995)::Fantasy")
