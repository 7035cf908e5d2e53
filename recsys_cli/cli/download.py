"""``recsys download``."""

from pathlib import Path

import click

from recsys_cli.config import DownloadConfig
from recsys_cli.errors import ConfigError

_DEFAULTS = DownloadConfig(release="ml-1m")


@click.command(epilog="Example: recsys download ml-1m")
@click.argument("name", required=False)
@click.option("--data-dir", type=Path, default=_DEFAULTS.data_dir, show_default=True, help="Folder for data sets.")
@click.option("--from-file", type=Path, help="Unpack this archive instead of downloading one.")
@click.option("--url", help="Another address of the same archive.")
@click.option("--list", "only_list", is_flag=True, help="Print the data sets with sizes and licences.")
def command(name: str | None, data_dir: Path, from_file: Path | None, url: str | None, only_list: bool) -> None:
    """Download the MovieLens data set NAME into a folder of that name, verified and complete."""
    from recsys_cli.steps import download

    if only_list:
        return download.print_releases()
    if name is None:
        raise ConfigError("name a data set, such as ml-1m; 'recsys download --list' shows all")
    config = DownloadConfig(release=name, data_dir=data_dir, from_file=from_file, url=url)
    return click.echo(f"{download.run(config)}: ready")
