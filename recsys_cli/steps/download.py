"""``recsys download``: a published data set into a folder."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from rich.console import Console
from rich.table import Table

from recsys_cli.config import DownloadConfig
from recsys_cli.dataset.download import download, unpack_file
from recsys_cli.dataset.releases import COMMON_TERMS, RELEASES, find_release


def run(config: DownloadConfig) -> Path:
    """Download, or unpack an archive that is on disk.

    Returns: the folder of the data set.

    Raises:
        ConfigError: if there is no such data set.
        DataError: if it cannot be fetched or is damaged, or the folder is there or cannot be written.
    """
    release = find_release(config.release)
    folder = config.data_dir / release.name
    report = Console(stderr=True, highlight=False, soft_wrap=True, markup=False).print
    if config.from_file:
        unpack_file(config.from_file, folder, release=release, report=report)
        return folder
    if config.url:
        release = dataclasses.replace(release, urls=(config.url,))
    download(release, folder, report=report)
    return folder


def print_releases() -> None:
    """Print what can be downloaded, with sizes and licences."""
    table = Table("Name", box=None, pad_edge=False, header_style="bold")
    table.add_column("Download", justify="right")
    table.add_column("Verified by")
    table.add_column("Licence")
    for release in RELEASES.values():
        table.add_row(release.name, release.size, "MD5" if release.md5 else "nothing", release.licence)
    console = Console(highlight=False)
    console.print(table)
    console.print(f"All of them: {COMMON_TERMS}; each has its whole licence in a README.", soft_wrap=True)
