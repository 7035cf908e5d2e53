"""``recsys doctor``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from recsys_cli.cli.next_command import suggest_line, suggest_question
from recsys_cli.cli.options import (
    csv_option,
    json_option,
    milvus_options,
    model_option,
    movies_data_option,
    store_config,
)
from recsys_cli.cli.render import echo_csv, echo_json
from recsys_cli.config import DoctorConfig
from recsys_cli.documents import plain

_EXAMPLES = """\b
Examples:
  recsys doctor
  recsys doctor --json
"""


@click.command(epilog=_EXAMPLES, short_help="Say what is installed, in place, or wrong.")
@model_option
@movies_data_option
@milvus_options
@json_option
@csv_option
@click.pass_context
def command(
    context: click.Context, /, model: Path, movies_data: Path | None, as_json: bool, as_csv: bool, **milvus: Any
) -> None:
    """Say what is installed and in place, what is wrong with it, and how to put it right.

    Shows no secrets: its output can go into a bug report. Exit status 1 if anything is wrong.
    """
    from recsys_cli import doctor

    config = DoctorConfig(model=model, movies_data=movies_data, store=store_config(model, **milvus))
    findings = doctor.run(config)
    if as_json:
        echo_json(findings)
    elif as_csv:
        echo_csv(("name", "status", "detail", "fix"), map(plain, findings))
    else:
        for finding in findings:
            mark = {"ok": " ", "note": "-", "error": "!"}[finding.status]
            click.echo(f"{mark} {finding.name:<14}{finding.detail}")
            if finding.fix:
                click.echo(f"{'':<16}{finding.fix}")
    fixes = [finding.fix for status in ("error", "note") for finding in findings if finding.status == status]
    suggest_line(fixes[0]) if any(fixes) else suggest_question(model)
    context.exit(int(any(finding.status == "error" for finding in findings)))
