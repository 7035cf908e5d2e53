"""One file over HTTP: from the first address that works, taken up where it was cut off, checked by its hash."""

from __future__ import annotations

import hashlib
import queue
import threading
import time
from pathlib import Path

import requests

from recsys_cli.dataset.releases import Release
from recsys_cli.errors import DataError
from recsys_cli.progress import Progress

_SAMPLE = Path("data/sample")  # there in a clone of the repository, not where only the package is installed
_ANSWER_SECONDS = 5.0  # for a host to accept a connection, and again to send its headers
_PROBE_SECONDS = 10.0  # for all hosts together, the lookup of their names included
_STALL_SECONDS = 10.0  # without a byte, after which a transfer is taken up again
_ATTEMPTS = 3
_PAUSE_SECONDS = 1.0  # before the second attempt, twice as long before the third
_CHUNK_BYTES = 1 << 14  # what is lost when a transfer breaks off


def fetch(release: Release, folder: Path, *, progress: Progress) -> Path:
    """Download the archive of a release.

    Args:
        release: what to download.
        folder: takes the archive and, until it is whole, a `.partial` file that a later call goes on with.
        progress: is told from where, and what went wrong on the way.

    Returns: path of the archive, of the published hash if there is one.

    Raises:
        DataError: if no address gives the file.
        OSError: if it cannot be written.
    """
    partial = folder / f"{release.name}.zip.partial"
    failures = []
    answers = _ask(release.urls)
    for url in release.urls:
        failure = answers[url] or _fetch_from(url, partial, release, progress)
        if not failure:
            return partial.rename(folder / f"{release.name}.zip")
        failures.append(f"{url}: {failure}")
        if url != release.urls[-1]:
            progress.say(f"{failures[-1]}; trying the next address")
    bundled = f"the bundled '--data {_SAMPLE}', " if _SAMPLE.is_dir() else ""
    raise DataError(
        f"{release.title} cannot be downloaded ({'; '.join(failures)}); use {bundled}a folder of your own with "
        f"'--data', or 'recsys download {release.name} --from-file {release.name}.zip'"
    )


def md5_of(path: Path) -> str:
    """MD5 of a file, in hexadecimal."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _fetch_from(url: str, partial: Path, release: Release, progress: Progress) -> str:
    """What went wrong with the last attempt, an empty text once the file is whole."""
    progress.say(f"Downloading {url}")
    failure = ""
    for attempt in range(_ATTEMPTS):
        time.sleep(attempt * _PAUSE_SECONDS)
        try:
            _transfer(url, partial, release, progress)
        except requests.RequestException as error:
            failure = _reason(error)
            continue
        if release.md5 in (None, md5_of(partial)):
            return ""
        partial.unlink()
        failure = f"a damaged or another file, its MD5 is not {release.md5}"
    return failure


def _transfer(url: str, partial: Path, release: Release, progress: Progress) -> None:
    """Download to the end of a file, from where an earlier attempt broke off if the server can."""
    # Without a published hash nothing would tell that the file changed in between.
    have = partial.stat().st_size if release.md5 and partial.exists() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    with requests.get(url, headers=headers, stream=True, timeout=(_ANSWER_SECONDS, _STALL_SECONDS)) as response:
        if response.status_code == requests.codes.requested_range_not_satisfiable:
            partial.unlink()
        response.raise_for_status()
        if response.status_code != requests.codes.partial_content:
            have = 0
        length = response.headers.get("Content-Length", "")
        total = have + int(length) if length.isdecimal() else None
        with (
            progress.task(release.name, total=total, unit="bytes", done=have) as task,
            partial.open("ab" if have else "wb") as file,
        ):
            for chunk in response.iter_content(_CHUNK_BYTES):
                have += len(chunk)
                if have > 2 * release.num_bytes:
                    raise requests.ConnectionError(f"more than twice the expected {release.size}")
                file.write(chunk)
                task.update(have)


def _ask(urls: tuple[str, ...]) -> dict[str, str]:
    """What is wrong with each address, an empty text if it answers.

    All are asked at once, each in a thread that is given up when it takes too long: the lookup of a host's name
    has no timeout of its own.
    """
    answers: queue.Queue[tuple[str, str]] = queue.Queue()
    for url in urls:
        threading.Thread(target=_ask_one, args=(url, answers), daemon=True).start()
    results = dict.fromkeys(urls, f"no answer within {_PROBE_SECONDS:g} s")
    deadline = time.monotonic() + _PROBE_SECONDS
    for _ in urls:
        try:
            url, failure = answers.get(timeout=max(deadline - time.monotonic(), 0))
        except queue.Empty:
            break
        results[url] = failure
    return results


def _ask_one(url: str, answers: queue.Queue[tuple[str, str]]) -> None:
    try:
        with requests.get(url, stream=True, timeout=_ANSWER_SECONDS) as response:
            response.raise_for_status()
    except requests.RequestException as error:
        answers.put((url, _reason(error)))
    else:
        answers.put((url, ""))


def _reason(error: requests.RequestException) -> str:
    """A failure in a few words; the libraries' own text runs over several lines."""
    if error.response is not None:
        return f"HTTP {error.response.status_code} {error.response.reason}"
    text = str(error)
    for sign, reason in (
        ("certificate has expired", "its TLS certificate has expired"),
        ("CERTIFICATE_VERIFY_FAILED", "its TLS certificate is not trusted"),
        ("NameResolutionError", "host name not found"),
        ("Connection refused", "connection refused"),
        ("timed out", "no answer"),
        ("IncompleteRead", "the connection broke off"),
        ("more than twice", text),
    ):
        if sign in text:
            return reason
    return type(error).__name__
