"""Few open files, little memory, no temporary folder; pipes and devices where a file is wanted."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from layouts import write_1m
from models import write_small_model, write_small_movies_data

ROOT = Path(__file__).parents[2]
TRAIN = ["train", "--data", "data", "--epochs", "1", "--embedding-dim", "8", "--model", "other"]
RECOMMEND = ["recommend", "--exact", "-g", "F", "--model", "model"]
MILVUS = ["recommend", "-g", "F", "--model", "model"]
OUT_OF_MEMORY = (
    "Error: out of memory: close other programs, raise the limit ('ulimit -v' shows it), or use less data\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    write_1m(tmp_path / "data")
    write_small_movies_data(tmp_path / "movies_data.txt", write_small_model(tmp_path / "model", tmp_path / "data"))
    return tmp_path


def run(folder: Path, arguments: list[str], *, before: str = ":", **environment: str) -> tuple[int, str, str]:
    """Exit code and both streams of a command, after a line of shell."""
    done = subprocess.run(
        ["sh", "-c", f'{before}; exec "$@"', "-", sys.executable, "-m", "recsys_cli", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("arguments", [TRAIN, MILVUS], ids=["train", "recommend"])
def test_64_open_files_and_no_temporary_folder_are_enough(folder: Path, arguments: list[str]) -> None:
    code, stdout, stderr = run(folder, arguments, before="ulimit -n 64", TMPDIR="/nonexistent")
    assert code == 0, stderr
    assert stdout


@pytest.mark.parametrize("option", ["size=16k", "size=16k,ro"], ids=["full", "read-only"])
def test_a_temporary_folder_without_room_is_enough(folder: Path, option: str) -> None:
    if subprocess.run(["sh", "-c", "unshare -rm true"], capture_output=True, check=False).returncode:
        pytest.skip("may not mount a file system of its own")
    (folder / "temporary").mkdir()
    before = f"mount -t tmpfs -o {option} tmpfs temporary; head -c 12288 /dev/zero >temporary/fill 2>&-"
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", f'{before}; exec "$@"', "-", sys.executable, "-m", "recsys_cli", *TRAIN],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(folder / "temporary")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "home" not in [path.name for path in (folder / "other").iterdir()]


# Sets a limit of the size of files at the first event of Python's of a name whose path ends so.
LIMITED_FROM = """
import resource, sys
event, ending, limit = sys.argv[1], sys.argv[2], int(sys.argv[3])
def watch(name, arguments):
    if name == event and str(arguments[0]).endswith(ending):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
sys.addaudithook(watch)
from recsys_cli.cli import main
main(sys.argv[4:], prog_name="recsys")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit of the size of files")
@pytest.mark.parametrize(
    ("event", "ending", "reason"),
    [("os.mkdir", "/home", "File too large"), ("os.remove", "/room1", "No space left on device")],
    ids=["before", "meanwhile"],
)
def test_no_room_for_the_files_that_paddle_writes(folder: Path, event: str, ending: str, reason: str) -> None:
    """Paddle goes on without a word: what it left would stand in model.json as the whole tower."""
    before = {path.name: path.read_bytes() for path in (folder / "model").iterdir()}
    options = [*TRAIN[:-1], "model", "--no-refit"]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED_FROM, event, ending, "20000", *options],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[1:] == [f"Error: Cannot write the model to 'model': {reason}"]
    assert {path.name: path.read_bytes() for path in (folder / "model").iterdir()} == before
    left = {"data", "model", "model.checkpoint", "movies_data.txt"}  # --resume goes on after the last epoch
    assert {path.name for path in folder.iterdir()} == left


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit of the address space")
@pytest.mark.parametrize(
    ("arguments", "kilobytes"), [(RECOMMEND, 2_000_000), (MILVUS, 8_000_000)], ids=["memory", "Milvus Lite"]
)
def test_a_generous_limit_of_memory_is_enough(folder: Path, arguments: list[str], kilobytes: int) -> None:
    code, stdout, stderr = run(folder, arguments, before=f"ulimit -v {kilobytes}")
    assert code == 0, stderr
    assert "Top" in stdout


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit of the address space")
@pytest.mark.parametrize("kilobytes", [200_000])
def test_too_little_memory_is_one_line(folder: Path, kilobytes: int) -> None:
    """Not even pyarrow can be loaded; a little more, and native code may abort by itself."""
    code, stdout, stderr = run(folder, TRAIN, before=f"ulimit -v {kilobytes}")
    assert (code, stdout) == (1, "")
    assert stderr.endswith(OUT_OF_MEMORY)
    assert "Traceback" not in stderr
    assert not (folder / "other").exists()


# Every thread reserves address space without using it.
ONE_THREAD = dict.fromkeys(
    ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ARROW_IO_THREADS", "MALLOC_ARENA_MAX"], "1"
) | {"ARROW_DEFAULT_MEMORY_POOL": "system"}
# The last line of stderr says how much was reserved at most.
MEASURED = """
import resource, sys
limit = int(sys.argv[1]) << 10 if int(sys.argv[1]) else resource.RLIM_INFINITY
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
from recsys_cli.cli import main
try:
    main(sys.argv[2:], prog_name="recsys")
finally:
    for line in open("/proc/self/status"):
        if line.startswith("VmPeak"):
            print(line.split()[1], file=sys.stderr)
"""


def measured(folder: Path, arguments: list[str], *, kilobytes: int = 0) -> tuple[int, list[str], int]:
    """Exit code, lines of stderr, and kilobytes of address space of a command; 0 for no limit of these."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(kilobytes), *arguments],
        cwd=folder,
        env=os.environ | ONE_THREAD | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    *lines, peak = done.stderr.splitlines()
    return done.returncode, lines, int(peak)


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit of the address space")
def test_ratings_are_read_in_less_memory_than_they_fill(folder: Path) -> None:
    """257 MB, of which the ratings of 90 people are kept."""
    (folder / "users.csv").write_text("userId\n" + "".join(f"{user}\n" for user in range(10, 100)))
    ratings = [f"{user}000000{user},{(1, 3, 7, 9)[user % 4]},4.0,978300760\n" for user in range(10, 100)]
    kept = [f"{user},1,4.0,978300760\n" for user in range(10, 100)]
    heading = "userId,movieId,rating,timestamp\n"
    (folder / "few.csv").write_text(heading + "".join(kept))
    block = "".join(ratings) * 1000
    with (folder / "many.csv").open("w") as file:
        file.write(heading + "".join(kept))
        for _ in range(257_000_000 // len(block)):
            file.write(block)
    size = (folder / "many.csv").stat().st_size // 1024
    command = ["recommend", "--exact", "--model", "model", "--users", "users.csv", "-o", "lists.csv", "--ratings"]
    code, _, peak = measured(folder, [*command, "few.csv"])
    expected = (folder / "lists.csv").read_bytes()
    assert code == 0
    code, lines, _ = measured(folder, [*command, "many.csv"], kilobytes=peak + size * 4 // 5)
    assert code == 0, lines
    assert (folder / "lists.csv").read_bytes() == expected


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit of the address space")
def test_preprocess_needs_so_much_memory_and_says_where_there_is_less(folder: Path) -> None:
    """A movie takes 800 bytes or so on the way; a table of movies and words would be out of the question."""
    movies = 60_000
    with (folder / "movies.dat").open("w") as file:
        file.writelines(
            f"{number}::Word{number % 977} Word{number} (1990)::Drama|War\n" for number in range(10, movies)
        )
    (folder / "few.dat").write_text("10::Word (1990)::Drama|War\n")
    command = ["preprocess", "--model", "model", "-o", "new.txt", "-f"]
    code, _, peak = measured(folder, [*command, "few.dat"])
    assert code == 0
    (folder / "new.txt").write_text("old")
    code, lines, _ = measured(folder, [*command, "movies.dat"], kilobytes=peak + movies // 5)
    assert (code, lines) == (1, [OUT_OF_MEMORY.strip()])
    assert (folder / "new.txt").read_text() == "old"
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["data", "few.dat", "model", "movies.dat", "movies_data.txt", "new.txt"]
    )
    code, lines, _ = measured(folder, [*command, "movies.dat"], kilobytes=peak + 2 * movies)
    assert code == 0, lines


@pytest.mark.parametrize(
    "arguments",
    [
        ["preprocess", "--model", "model", "-o", "new.txt", "-f"],
        [*RECOMMEND, "--ratings"],
        ["recommend", "--exact", "--model", "model", "-o", "lists.jsonl", "--users"],
    ],
    ids=["preprocess", "ratings", "users"],
)
@pytest.mark.parametrize("given", ["pipe", "./pipe.csv", "/dev/null", "/dev/zero"])
def test_a_pipe_or_device_for_a_file_is_one_line(folder: Path, arguments: list[str], given: str) -> None:
    """Nobody writes to the pipe, and /dev/zero has no end: opening or reading them would never come back."""
    os.mkfifo(folder / "pipe")
    os.mkfifo(folder / "pipe.csv")
    before = sorted(path.name for path in folder.iterdir())
    code, stdout, stderr = run(folder, [*arguments, given])
    assert (code, stdout) == (1, "")
    assert stderr == f"Error: {Path(given)}: not a regular file; write what it gives into a file first\n"
    assert sorted(path.name for path in folder.iterdir()) == before


@pytest.mark.parametrize("options", [["-o", "lists.jsonl", "--users", "data/users.dat"], []], ids=["users", "one"])
def test_movies_data_is_a_file(folder: Path, options: list[str]) -> None:
    os.mkfifo(folder / "pipe")
    code, stdout, stderr = run(folder, ["recommend", "--model", "model", *options, "--movies-data", "pipe"])
    assert (code, stdout) == (1, "")
    assert stderr == "Error: pipe: not a regular file; write what it gives into a file first\n"


@pytest.mark.parametrize("file", ["data/ratings.dat", "/dev/null"])
def test_a_data_set_is_a_folder(folder: Path, file: str) -> None:
    code, stdout, stderr = run(folder, ["train", "--data", file])
    assert (code, stdout) == (1, "")
    assert stderr == (
        f"Error: No data at '{file}': name a folder with --data (data/sample is a small one), "
        "or run 'recsys download ml-1m'\n"
    )
