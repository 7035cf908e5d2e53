"""``recsys download``."""

from pathlib import Path

import click

from recsys_cli.cli.next_command import suggest
from recsys_cli.cli.options import csv_option, json_option
from recsys_cli.cli.progress_bars import TerminalProgress
from recsys_cli.cli.render import echo_csv, echo_json, echo_rows
from recsys_cli.config import DownloadConfig
from recsys_cli.documents import plain
from recsys_cli.errors import ConfigError

_DEFAULTS = DownloadConfig(release="ml-1m")
_EXAMPLES = """\b
Examples:
  recsys download --list
  recsys download ml-1m
  recsys download ml-1m --from-file ml-1m.zip
"""


@click.command(epilog=_EXAMPLES, short_help="Download a published data set.")
@click.argument("name", required=False)
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    default=_DEFAULTS.data_dir,
    show_default=True,
    help="Folder for data sets.",
)
@click.option("--from-file", type=click.Path(path_type=Path), help="Unpack this archive, download nothing.")
@click.option("--url", help="Another address of the same archive.")
@click.option("--list", "only_list", is_flag=True, help="Print the data sets with sizes and licences.")
@json_option
@csv_option
def command(
    name: str | None,
    data_dir: Path,
    from_file: Path | None,
    url: str | None,
    only_list: bool,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Download the MovieLens data set NAME into a folder of that name, verified and complete.

    A download that was cut off goes on where it stopped.
    """
    from recsys_cli.dataset import archive

    if only_list:
        _echo_list(as_json=as_json, as_csv=as_csv)
        suggest("download", lambda: [_DEFAULTS.release])
        return
    if as_csv:
        raise ConfigError("--csv belongs to --list")
    if name is None:
        raise ConfigError("name a data set, such as ml-1m; 'recsys download --list' shows all")
    config = DownloadConfig(release=name, data_dir=data_dir, from_file=from_file, url=url)
    downloaded = archive.run(config, TerminalProgress())
    echo_json(downloaded) if as_json else click.echo(f"{downloaded.data}: ready")
    suggest("train", lambda: ["--data", str(downloaded.data)])


def _echo_list(*, as_json: bool, as_csv: bool) -> None:
    from recsys_cli.dataset.releases import RELEASES

    releases = tuple(RELEASES.values())
    if as_json:
        echo_json(releases)
        return
    if as_csv:
        echo_csv(("name", "title", "num_bytes", "md5", "urls", "redistribution"), map(plain, releases))
        return
    rows = [
        [release.name, release.size, "MD5" if release.md5 else "nothing", release.redistribution]
        for release in releases
    ]
    echo_rows(
        ("Name", "Download", "Verified by", "Redistribution"),
        rows,
        texts=("Redistribution",),
        left=("Name", "Verified by"),
    )
    click.echo("All are for research; commercial use only with GroupLens' permission.")
