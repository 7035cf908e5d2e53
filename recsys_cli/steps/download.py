"""``recsys download``: a published data set into a folder."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from rich.console import Console

from recsys_cli.config import DownloadConfig
from recsys_cli.dataset.download import download, unpack_file
from recsys_cli.dataset.releases import RELEASES, Release, find_release


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


def releases() -> tuple[Release, ...]:
    """Everything that can be downloaded, the most usual first."""
    return tuple(RELEASES.values())
