"""Run by test_faults.py in a process of its own: kills an action at every moment it touches the file system.

Each run is a fork that kills itself, as `kill -9` would, at its n-th event; n grows until the action gets through.
After each kill the state is looked at, then the action is run to its end and the leftovers are counted.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from recsys_cli.dataset.archive import unpack_file
from recsys_cli.dataset.releases import Release
from recsys_cli.errors import RecsysError
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.movies_data import MoviesFile, read_movies_data
from recsys_cli.progress import Silent

EVENTS = {"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.scandir", "shutil.rmtree", "ctypes.dlsym"}


def killed_at(moment: int, action: Callable[[], object]) -> bool:
    """Whether the action was killed; False if it has fewer events."""
    child = os.fork()
    if not child:
        seen = 0

        def count(event: str, arguments: object) -> None:
            nonlocal seen
            if event in EVENTS:
                seen += 1
                if seen == moment:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        action()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or status == 0
    return os.WIFSIGNALED(status)


def state(look: Callable[[], str]) -> str:
    """What is there: what `look` says, "absent", or "broken" and why."""
    try:
        return look()
    except FileNotFoundError:
        return "absent"
    except RecsysError as error:
        return f"broken: {error}"


def kill_everywhere(
    action: Callable[[], object], *, look: Callable[[], str], target: Path, prepare: Callable[[], object]
) -> None:
    """Print the states after each kill, after the next whole run, and what lies beside the target then."""
    after_kill, after_run, leftovers = [], [], set()
    moment = 1
    while True:
        prepare()
        if not killed_at(moment, action):
            break
        after_kill.append(state(look))
        if after_kill[-1] == "new":
            prepare()
        action()
        after_run.append(state(look))
        leftovers |= {path.name for path in target.parent.iterdir()} - {target.name}
        moment += 1
    print(json.dumps({"after_kill": after_kill, "after_run": after_run, "leftovers": sorted(leftovers)}))


def kill_model_write(folder: Path) -> None:
    """Replace the model of one seed by that of another."""
    from models import write_small_model

    target = folder / "out" / "model"
    fingerprints = {
        write_small_model(folder / name / "model", folder / "data", seed=seed).fingerprint: name
        for name, seed in (("old", 1), ("new", 2))
    }

    def prepare() -> None:
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(folder / "old" / "model", target)

    def look() -> str:
        if not target.exists():
            return "absent"
        model = ModelFolder.open(target)
        model.verify()
        return fingerprints[model.fingerprint]

    def write() -> object:
        return write_small_model(target, folder / "data", seed=2)

    kill_everywhere(write, look=look, target=target, prepare=prepare)


def kill_preprocess(folder: Path) -> None:
    """Replace a movies_data.txt of one movie by that of all."""
    from models import write_small_model, write_small_movies_data

    model = write_small_model(folder / "model", folder / "data")
    target = folder / "out" / "movies_data.txt"
    target.parent.mkdir()
    write_small_movies_data(target, model)
    old = "".join(target.read_text().splitlines(keepends=True)[:2])

    def look() -> str:
        vocabulary = model.info.vocabulary_fingerprint
        movies = read_movies_data(MoviesFile.read(target), vocabulary=vocabulary, num_words=99, num_genres=99)
        return {1: "old", 4: "new"}[len(movies.movie_ids)]

    kill_everywhere(
        lambda: write_small_movies_data(target, model),
        look=look,
        target=target,
        prepare=lambda: target.write_text(old),
    )


def kill_unpack(folder: Path) -> None:
    """Unpack an archive to where nothing is."""
    target = folder / "out" / "ml-tiny"
    target.parent.mkdir()
    release = Release(name="ml-tiny", title="T", num_bytes=1, md5=None, urls=(), redistribution="")
    expected = {path.name: path.read_bytes() for path in (folder / "data").iterdir()}
    shutil.make_archive(str(folder / "archive"), "zip", folder, "data")

    def look() -> str:
        found = {path.name: path.read_bytes() for path in target.iterdir()}
        return "new" if found == expected else f"broken: {sorted(found)}"

    kill_everywhere(
        lambda: unpack_file(folder / "archive.zip", target, release=release, progress=Silent()),
        look=look,
        target=target,
        prepare=lambda: shutil.rmtree(target, ignore_errors=True),
    )


if __name__ == "__main__":
    actions = {"model": kill_model_write, "preprocess": kill_preprocess, "unpack": kill_unpack}
    actions[sys.argv[1]](Path(sys.argv[2]))
