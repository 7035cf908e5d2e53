"""Downloads, against a server on the loopback interface that misbehaves as asked."""

import datetime
import hashlib
import io
import json
import os
import re
import signal
import ssl
import stat
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import trustme
from click.testing import CliRunner
from recorded import Recorded

from recsys_cli.cli import main
from recsys_cli.dataset import fetch
from recsys_cli.dataset.archive import download, ensure, unpack_file
from recsys_cli.dataset.releases import RELEASES, Release
from recsys_cli.errors import DataError
from recsys_cli.progress import Silent

FILES = {
    "movies.dat": b"1::Heat (1995)::Action\n" * 50,
    "ratings.dat": np.random.default_rng(1).bytes(200_000),
    "README": b"terms",
}
TERMS = "research use; redistribution not allowed; commercial use only with GroupLens' permission"


def make_zip(files: dict[str, bytes], folder: str = "ml-tiny/") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as content:
        for name, data in files.items():
            content.writestr(folder + name, data)
    return buffer.getvalue()


ARCHIVE = make_zip(FILES)
HALF = len(ARCHIVE) // 2 // 2**14 * 2**14  # whole chunks of what the server sends before it hangs up


class Handler(BaseHTTPRequestHandler):
    server: "Server"

    def do_GET(self) -> None:
        behaviour = self.path.strip("/").removesuffix(".zip")
        start = int((self.headers["Range"] or "bytes=0-")[6:-1])
        self.server.log.append((behaviour, start))
        if behaviour == "missing":
            return self.send_error(404)
        if behaviour == "redirect":
            self.send_response(302)
            self.send_header("Location", "/whole.zip")
            return self.end_headers()
        if behaviour == "norange":
            start = 0
        body = ARCHIVE[:50_000] + b"?" + ARCHIVE[50_001:] if behaviour == "corrupt" else ARCHIVE
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        return self.send_body(behaviour, body[start:], first=not start)

    def send_body(self, behaviour: str, body: bytes, *, first: bool) -> None:
        if behaviour == "slow":
            for begin in range(0, len(body), 4096):
                self.wfile.write(body[begin : begin + 4096])
                time.sleep(0.01)
        elif behaviour in ("cut", "norange") and first and self.server.cuts:
            self.server.cuts -= 1
            self.wfile.write(body[: len(body) // 2])
        elif behaviour == "stalled":
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self.server.released.wait()
        else:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """Serves ARCHIVE at /BEHAVIOUR.zip.

    Attributes:
        log: (behaviour, first byte) of each request.
        cuts: how many transfers of "cut" and "norange" still break off half-way.
        released: set to end the stalled transfers.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.log: list[tuple[str, int]] = []
        self.cuts = 0
        self.released = threading.Event()
        self.scheme = "http"

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients of these tests hang up half-way on purpose."""

    def url(self, behaviour: str) -> str:
        return f"{self.scheme}://localhost:{self.server_port}/{behaviour}.zip"


def serve(server: Server) -> Iterator[Server]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    yield from serve(Server())


@pytest.fixture
def expired_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    authority = trustme.CA()
    yesterday = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
    certificate = authority.issue_cert("localhost", not_after=yesterday, not_before=yesterday.replace(year=2000))
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "authority.pem"))
    server = Server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.scheme = "https"
    yield from serve(server)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "_STALL_SECONDS", 0.2)
    monkeypatch.setattr(fetch, "_PAUSE_SECONDS", 0.0)


def release_at(*urls: str, md5: str | None = hashlib.md5(ARCHIVE).hexdigest()) -> Release:
    return Release(
        name="ml-tiny",
        title="MovieLens tiny",
        num_bytes=len(ARCHIVE),
        md5=md5,
        urls=urls,
        redistribution="not allowed",
    )


def assert_complete(folder: Path) -> None:
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == FILES


def assert_nothing_left(folder: Path) -> None:
    assert not folder.parent.exists() or list(folder.parent.iterdir()) == []


def test_downloads_and_says_what_from_where_and_on_which_terms(server: Server, tmp_path: Path) -> None:
    report = Recorded()
    download(release_at(server.url("whole")), tmp_path / "data" / "ml-tiny", progress=report)
    assert_complete(tmp_path / "data" / "ml-tiny")
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["ml-tiny"]
    assert report.lines == [
        f"MovieLens tiny, 0.2 MB. Licence: {TERMS}.",
        f"Downloading {server.url('whole')}",
    ]


def test_follows_a_redirect(server: Server, tmp_path: Path) -> None:
    download(release_at(server.url("redirect")), tmp_path / "ml-tiny", progress=Silent())
    assert_complete(tmp_path / "ml-tiny")


def test_takes_up_a_transfer_where_it_broke_off(server: Server, tmp_path: Path) -> None:
    server.cuts = 2  # the first request only asks whether the address answers
    download(release_at(server.url("cut")), tmp_path / "ml-tiny", progress=Silent())
    assert_complete(tmp_path / "ml-tiny")
    assert server.log == [("cut", 0), ("cut", 0), ("cut", HALF)]


def test_starts_again_where_the_server_cannot_take_up(server: Server, tmp_path: Path) -> None:
    server.cuts = 2
    download(release_at(server.url("norange")), tmp_path / "ml-tiny", progress=Silent())
    assert_complete(tmp_path / "ml-tiny")
    assert server.log[-1] == ("norange", HALF)


def test_without_a_published_hash_it_says_so_and_never_takes_up(server: Server, tmp_path: Path) -> None:
    server.cuts = 2
    report = Recorded()
    download(release_at(server.url("cut"), md5=None), tmp_path / "ml-tiny", progress=report)
    assert_complete(tmp_path / "ml-tiny")
    assert report.lines[1] == "No hash is published for ml-tiny.zip: its content is not verified."
    assert server.log[-1] == ("cut", 0)


@pytest.mark.parametrize(
    ("behaviour", "failure"),
    [
        ("missing", "HTTP 404 Not Found"),
        ("corrupt", f"a damaged or another file, its MD5 is not {hashlib.md5(ARCHIVE).hexdigest()}"),
        ("stalled", "no answer"),
    ],
)
def test_a_bad_address_is_reported_and_the_next_one_used(
    server: Server, tmp_path: Path, behaviour: str, failure: str
) -> None:
    report = Recorded()
    bad, good = server.url(behaviour), server.url("whole")
    download(release_at(bad, good), tmp_path / "ml-tiny", progress=report)
    assert_complete(tmp_path / "ml-tiny")
    assert f"{bad}: {failure}; trying the next address" in report.lines


def test_an_expired_certificate_is_reported_and_the_mirror_used(
    server: Server, expired_server: Server, tmp_path: Path
) -> None:
    report = Recorded()
    expired, mirror = expired_server.url("whole"), server.url("whole")
    download(release_at(expired, mirror), tmp_path / "ml-tiny", progress=report)
    assert_complete(tmp_path / "ml-tiny")
    assert report.lines[1:] == [
        f"{expired}: its TLS certificate has expired; trying the next address",
        f"Downloading {mirror}",
    ]


def test_when_no_address_works_one_line_names_the_ways_on(server: Server, tmp_path: Path) -> None:
    refused = "http://127.0.0.1:9/x.zip"
    unknown = "http://host.invalid/x.zip"
    with pytest.raises(DataError) as error:
        download(release_at(refused, unknown, server.url("corrupt")), tmp_path / "ml-tiny", progress=Silent())
    assert str(error.value) == (
        f"MovieLens tiny cannot be downloaded ({refused}: connection refused; {unknown}: host name not found; "
        f"{server.url('corrupt')}: a damaged or another file, its MD5 is not {hashlib.md5(ARCHIVE).hexdigest()}); "
        "use the bundled '--data data/sample', a folder of your own with '--data', "
        "or 'recsys download ml-tiny --from-file ml-tiny.zip'"
    )
    assert_nothing_left(tmp_path / "ml-tiny")


def test_a_failed_download_leaves_no_folder_and_names_the_sample_only_where_it_is(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    address = server.url("missing")
    with pytest.raises(DataError) as error:
        download(release_at(address), Path("data/deep/ml-tiny"), progress=Silent())
    assert str(error.value) == (
        f"MovieLens tiny cannot be downloaded ({address}: HTTP 404 Not Found); use a folder of your own with "
        "'--data', or 'recsys download ml-tiny --from-file ml-tiny.zip'"
    )
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "data").mkdir()
    with pytest.raises(DataError):
        download(release_at(address), Path("data/ml-tiny"), progress=Silent())
    assert list(tmp_path.rglob("*")) == [tmp_path / "data"]  # it was there before


def test_a_name_that_is_looked_up_forever_is_given_up(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "_PROBE_SECONDS", 0.2)
    monkeypatch.setattr(fetch, "_ask_one", lambda url, answers: None)
    with pytest.raises(DataError, match=re.escape("(http://a/x.zip: no answer within 0.2 s)")):
        download(release_at("http://a/x.zip"), tmp_path / "ml-tiny", progress=Silent())


def test_a_file_twice_as_large_as_published_is_refused(server: Server, tmp_path: Path) -> None:
    small = Release(name="t", title="T", num_bytes=1000, md5=None, urls=(server.url("whole"),), redistribution="")
    with pytest.raises(DataError, match=r"more than twice the expected 0\.0 MB"):
        download(small, tmp_path / "t", progress=Silent())


def test_a_folder_that_is_there_is_left_alone(server: Server, tmp_path: Path) -> None:
    (tmp_path / "ml-1m").mkdir()
    ensure(tmp_path / "ml-1m", progress=Silent())
    with pytest.raises(DataError) as error:
        download(release_at(server.url("whole")), tmp_path / "ml-1m", progress=Silent())
    assert str(error.value) == f"{tmp_path / 'ml-1m'}: is already there; delete it to download again"
    assert server.log == []


def test_unpacks_a_file_that_is_on_disk(tmp_path: Path) -> None:
    (tmp_path / "mine.zip").write_bytes(ARCHIVE)
    unpack_file(tmp_path / "mine.zip", tmp_path / "ml-tiny", release=release_at(), progress=Silent())
    assert_complete(tmp_path / "ml-tiny")


def link() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as content:
        member = zipfile.ZipInfo("ml-tiny/passwords")
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        content.writestr(member, "/etc/passwd")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("archive", "message"),
    [
        (b"", "is not a zip file or is damaged: File is not a zip file"),
        (ARCHIVE[:-100], "is not a zip file or is damaged: File is not a zip file"),
        (
            ARCHIVE[:50_000] + b"?" + ARCHIVE[50_001:],
            "is not a zip file or is damaged: Bad CRC-32 for file 'ml-tiny/ratings.dat'",
        ),
        (make_zip({}), "holds no files"),
        (make_zip({"x": b""}, "../"), "'../x' leads outside the folder"),
        (make_zip({"x": b""}, "/"), "'/x' leads outside the folder"),
        (make_zip({"x": b""}, "a\\..\\..\\"), "'a\\\\..\\\\..\\\\x' leads outside the folder"),
        (make_zip({"x": b""}, "C:"), "'C:x' leads outside the folder"),
        (link(), "'ml-tiny/passwords' is not a plain file"),
        (make_zip({"bomb": bytes(5_000_000)}), "unpacks to more than 1000 files or 1 MB"),
        (make_zip({str(i): b"" for i in range(1001)}), "unpacks to more than 1000 files or 2 MB"),
    ],
)
def test_a_damaged_or_hostile_archive_is_refused_and_leaves_nothing(
    tmp_path: Path, archive: bytes, message: str
) -> None:
    (tmp_path / "bad.zip").write_bytes(archive)
    target = tmp_path / "data" / "ml-tiny"
    with pytest.raises(DataError) as error:
        unpack_file(tmp_path / "bad.zip", target, release=release_at(md5=None), progress=Silent())
    assert str(error.value) == f"{tmp_path / 'bad.zip'}: {message}"
    assert_nothing_left(target)


def test_the_wrong_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.zip").write_bytes(ARCHIVE + b"\0")
    with pytest.raises(DataError) as error:
        unpack_file(tmp_path / "mine.zip", tmp_path / "ml-tiny", release=release_at(), progress=Silent())
    assert str(error.value) == (
        f"{tmp_path / 'mine.zip'}: is not ml-tiny.zip or is damaged: "
        f"its MD5 is not {hashlib.md5(ARCHIVE).hexdigest()}"
    )


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "mine.zip").write_bytes(ARCHIVE)
    target = tmp_path / "file" / "ml-tiny"
    with pytest.raises(DataError) as error:
        unpack_file(tmp_path / "mine.zip", target, release=release_at(), progress=Silent())
    assert str(error.value) == f"{target}: cannot be written: Not a directory"


SCRIPT = """
import resource, sys
from pathlib import Path
from recsys_cli.dataset.archive import download
from recsys_cli.dataset.releases import Release
from recsys_cli.progress import Silent
from recsys_cli.errors import DataError

class Lines(Silent):
    def say(self, text):
        print(text, flush=True)

url, md5, size, folder, limit = sys.argv[1:]
if int(limit):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
release = Release(name="ml-tiny", title="T", num_bytes=int(size), md5=md5, urls=(url,), redistribution="")
try:
    download(release, Path(folder), progress=Lines())
except DataError as error:
    sys.exit(str(error))
"""


def start(url: str, folder: Path, *, limit: int = 0) -> "subprocess.Popen[str]":
    arguments = [url, hashlib.md5(ARCHIVE).hexdigest(), str(len(ARCHIVE)), str(folder), str(limit)]
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )


def test_an_interrupted_download_goes_on_where_it_stopped(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "ml-tiny"
    process = start(server.url("stalled"), folder)
    partial = tmp_path / ".ml-tiny.download" / "ml-tiny.zip.partial"
    while not (partial.exists() and partial.stat().st_size):
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert not folder.exists()
    assert partial.stat().st_size
    download(release_at(server.url("whole")), folder, progress=Silent())
    assert_complete(folder)
    assert server.log[-1][1] > 0
    assert [path.name for path in tmp_path.iterdir()] == ["ml-tiny"]


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_a_killed_download_leaves_all_or_nothing(
    server: Server, tmp_path: Path, kills: int, rng: np.random.Generator
) -> None:
    folder = tmp_path / "ml-tiny"
    for moment in rng.uniform(0.2, 1.2, size=kills):
        process = start(server.url("slow"), folder)
        try:
            process.wait(timeout=moment)
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
        if folder.exists():
            assert_complete(folder)
            (tmp_path / f"done-{moment}").mkdir()
            folder.rename(tmp_path / f"done-{moment}" / "ml-tiny")
    process = start(server.url("whole"), folder)
    assert process.communicate()[1] == ""
    assert_complete(folder)
    assert not (tmp_path / ".ml-tiny.download").exists()


def test_a_full_disk_is_one_line_and_leaves_no_folder(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "ml-tiny"
    process = start(server.url("whole"), folder, limit=100_000)
    assert process.communicate()[1] == f"{folder}: cannot be written: File too large\n"
    assert process.returncode == 1
    assert not folder.exists()


def test_the_command_downloads_into_a_folder_of_that_name(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RELEASES, "ml-tiny", release_at(server.url("whole")))
    result = CliRunner().invoke(main, ["download", "ml-tiny", "--data-dir", str(tmp_path)])
    assert result.stdout == f"{tmp_path / 'ml-tiny'}: ready\n"
    assert result.exit_code == 0
    assert_complete(tmp_path / "ml-tiny")


def test_the_command_takes_a_file_or_another_address(server: Server, tmp_path: Path) -> None:
    (tmp_path / "mine.zip").write_bytes(ARCHIVE)
    for number, source in enumerate((["--from-file", str(tmp_path / "mine.zip")], ["--url", server.url("whole")])):
        folder = tmp_path / str(number)
        result = CliRunner().invoke(main, ["download", "ml-latest-small", "--data-dir", str(folder), *source])
        assert result.exit_code == 0, result.output
        assert_complete(folder / "ml-latest-small")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name a data set, such as ml-1m; 'recsys download --list' shows all"),
        (
            ["ml-2m"],
            "'ml-2m' is not a data set; allowed: ml-100k, ml-1m, ml-latest-small, ml-10m, ml-20m, ml-25m, ml-32m",
        ),
        (["ml-1m", "--url", "x", "--from-file", "y"], "--from-file and --url exclude each other"),
        (
            ["ml-1m", "--url", "file:///etc"],
            "--url: 'file:///etc' is not allowed; allowed: an http:// or https:// address",
        ),
    ],
)
def test_a_wrong_call_is_a_usage_error(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(main, ["download", *arguments])
    assert result.stderr == f"Error: {message}\n"
    assert result.exit_code == 2


def test_the_list_shows_sizes_and_licences() -> None:
    result = CliRunner().invoke(main, ["download", "--list"])
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["Name", *RELEASES, "All"]
    assert "ml-1m              5.9 MB  MD5          not allowed" in lines
    assert "ml-latest-small    1.0 MB  nothing      under the same terms" in lines
    assert lines[-1] == "All are for research; commercial use only with GroupLens' permission."


def test_the_list_is_also_json() -> None:
    result = CliRunner().invoke(main, ["download", "--list", "--json"])
    releases = json.loads(result.stdout)
    assert [release["name"] for release in releases] == list(RELEASES)
    assert releases[1]["md5"] == "c4d9eecfca2ab87c1945afe126590906"
