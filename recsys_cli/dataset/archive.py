"""A published data set into a folder: checked, unpacked safely, in place in one move."""

from __future__ import annotations

import dataclasses
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from recsys_cli.config import DownloadConfig
from recsys_cli.dataset.fetch import fetch, md5_of
from recsys_cli.dataset.releases import Release, find_release
from recsys_cli.errors import DataError
from recsys_cli.progress import Progress

_MAX_UNPACKED_RATIO = 20  # unpacked to packed bytes; the releases are at 3 to 5
_MIN_UNPACKED_BYTES = 1 << 20
_MAX_FILES = 1000


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Downloaded:
    """A data set that is ready.

    Attributes:
        name: of the data set.
        data: its folder.
    """

    name: str
    data: Path


def run(config: DownloadConfig, progress: Progress) -> Downloaded:
    """Download, or unpack an archive that is on disk.

    Raises:
        ConfigError: if there is no such data set.
        DataError: if it cannot be fetched or is damaged, or the folder is there or cannot be written.
    """
    release = find_release(config.release)
    folder = config.data_dir / release.name
    if config.from_file:
        unpack_file(config.from_file, folder, release=release, progress=progress)
        return Downloaded(name=release.name, data=folder)
    if config.url:
        release = dataclasses.replace(release, urls=(config.url,))
    download(release, folder, progress=progress)
    return Downloaded(name=release.name, data=folder)


def ensure(folder: Path, *, progress: Progress, name: str = "ml-1m") -> None:
    """Download a data set into a folder unless the folder is there.

    Args:
        folder: where the files go; it appears complete or not at all.
        progress: is told what is fetched, from where and under which terms.
        name: of the release.

    Raises:
        ConfigError: if there is no such release.
        DataError: if it cannot be fetched or is damaged, or the folder cannot be written.
    """
    if not folder.exists():
        download(find_release(name), folder, progress=progress)


def download(release: Release, folder: Path, *, progress: Progress) -> None:
    """Fetch a release and put it in place; a transfer that was cut off goes on where it stopped.

    Raises: DataError: if it cannot be fetched or is damaged, or the folder is there or cannot be written.
    """
    with _work_folder(folder) as work:
        _introduce(release, progress)
        _unpack(fetch(release, work, progress=progress), folder, work)


def unpack_file(archive: Path, folder: Path, *, release: Release, progress: Progress) -> None:
    """Check an archive that is on disk against its release, and put its content in place.

    Raises: DataError: if it is missing, is not that release's or is damaged, or the folder is there or cannot
        be written.
    """
    if not archive.is_file():
        raise DataError(f"{archive}: no such file")
    with _work_folder(folder) as work:
        _introduce(release, progress)
        if release.md5 and md5_of(archive) != release.md5:
            raise DataError(f"{archive}: is not {release.name}.zip or is damaged: its MD5 is not {release.md5}")
        _unpack(archive, folder, work)


def _introduce(release: Release, progress: Progress) -> None:
    progress.say(f"{release.title}, {release.size}. Licence: {release.licence}.")
    if release.md5 is None:
        progress.say(f"No hash is published for {release.name}.zip: its content is not verified.")


@contextmanager
def _work_folder(folder: Path) -> Iterator[Path]:
    """An own folder beside `folder`, on its file system, so that the last step is one rename.

    Afterwards only a transfer to go on with is left in it, and without one no folder, nor the parents that were
    made for it; what a killed process left there is cleared first.
    """
    work = folder.with_name(f".{folder.name}.download")
    if folder.exists():
        shutil.rmtree(work, ignore_errors=True)
        raise DataError(f"{folder}: is already there; delete it to download again")
    made = [parent for parent in (work, *work.parents) if not parent.exists()]
    try:
        work.mkdir(parents=True, exist_ok=True)
        _clear(work)
        try:
            yield work
        finally:
            _clear(work)
            for empty in dict.fromkeys((work, *made)):
                with suppress(OSError):
                    empty.rmdir()
    except OSError as error:
        raise DataError(f"{folder}: cannot be written: {error.strerror or error}") from error


def _clear(work: Path) -> None:
    for leftover in work.iterdir():
        if leftover.is_dir():
            shutil.rmtree(leftover)
        elif leftover.suffix != ".partial":
            leftover.unlink()


def _unpack(archive: Path, folder: Path, work: Path) -> None:
    """Unpack a zip file and move its content, without the one folder that may hold it all, to `folder`."""
    unpacked = work / "unpacked"
    try:
        with zipfile.ZipFile(archive) as content:
            _check(archive, content.infolist())
            content.extractall(unpacked)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise DataError(f"{archive}: is not a zip file or is damaged: {error}") from error
    inner = list(unpacked.iterdir())
    (inner[0] if len(inner) == 1 and inner[0].is_dir() else unpacked).rename(folder)


def _check(archive: Path, members: list[zipfile.ZipInfo]) -> None:
    """Refuse what a data set never holds: paths that lead outside, links, too much of anything."""
    if not any(not member.is_dir() for member in members):
        raise DataError(f"{archive}: holds no files")
    limit = max(_MAX_UNPACKED_RATIO * archive.stat().st_size, _MIN_UNPACKED_BYTES)
    if len(members) > _MAX_FILES or sum(member.file_size for member in members) > limit:
        raise DataError(f"{archive}: unpacks to more than {_MAX_FILES} files or {limit / 1e6:,.0f} MB")
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        kind = stat.S_IFMT(member.external_attr >> 16)
        if path.is_absolute() or ".." in path.parts or ":" in member.filename:
            raise DataError(f"{archive}: {member.filename!r} leads outside the folder")
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise DataError(f"{archive}: {member.filename!r} is not a plain file")
