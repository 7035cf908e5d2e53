"""`recsys` in this process, on the trained sample."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from recsys_cli.cli import main


@dataclass(frozen=True)
class Recsys:
    """Calls commands that answer from an index.

    Attributes:
        workspace: a folder with a model and its movies_data.txt.
        milvus: folder of Milvus Lite.
    """

    workspace: Path
    milvus: Path

    def __call__(self, *arguments: str, stdin: str | bytes | None = None) -> Result:
        options = [
            *("--model", str(self.workspace / "recommender_system.inference.model")),
            *("--movies-data", str(self.workspace / "movies_data.txt")),
            *("--milvus-uri", str(self.milvus)),
        ]
        return CliRunner().invoke(main, [*arguments, *options], env={"COLUMNS": "80"}, input=stdin)

    def json(self, *arguments: str) -> dict[str, Any]:
        """The document that a command prints."""
        result = self(*arguments, "--json")
        assert result.exit_code == 0, result.stderr
        document: dict[str, Any] = json.loads(result.stdout)
        return document
