"""Tonight's model from yesterday's beside one trained anew: seconds as a ratio, quality user by user.

    python scripts/bench_from.py --data data/ml-1m
    python scripts/bench_from.py --data data/ml-1m -- --epochs 1 --learning-rate 3e-4

A tenth of the ratings is set aside at random for measuring. Of the rest the newest twentieth is what came in since
yesterday: yesterday's model is trained on the others, tonight's on all, once anew and once ``--from`` yesterday's.
A rating whose time is 0 is of unknown time and counts as old. Options after ``--`` are of the training ``--from``.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ASIDE = "aside"
_RATINGS = {"ratings.dat": "::", "ratings.csv": ","}  # what separates fields; a CSV file begins with their names


def write_nights(data: Path, folder: Path, *, new: float, aside: float, seed: int) -> None:
    """Write the data sets ``yesterday`` and ``tonight`` of one, and the ratings that are set aside."""
    name, separator = next((name, separator) for name, separator in _RATINGS.items() if (data / name).exists())
    lines = (data / name).read_bytes().splitlines(keepends=True)
    header = [lines.pop(0)] if name.endswith(".csv") else []
    times = np.array([int(line.rsplit(separator.encode(), 1)[1]) for line in lines])
    is_aside = np.random.default_rng(seed).random(len(lines)) < aside
    kept = np.flatnonzero(~is_aside)
    newest = kept[np.argsort(times[kept], kind="stable")][round(len(kept) * (1 - new)) :]

    def write(path: Path, places: NDArray[np.int64]) -> None:
        path.write_bytes(b"".join([*header, *(lines[place] for place in places)]))

    write(folder / _ASIDE, np.flatnonzero(is_aside))
    for night, places in (("yesterday", np.setdiff1d(kept, newest)), ("tonight", kept)):
        (folder / night).mkdir()
        for file in data.iterdir():
            if file.name != name and file.is_file():
                (folder / night / file.name).write_bytes(file.read_bytes())
        write(folder / night / name, places)


def recsys(folder: Path, *arguments: str) -> dict[str, Any]:
    """The document that a command prints."""
    command = [sys.executable, "-m", "recsys_cli", *arguments, "--json"]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, check=True)
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def timed(folder: Path, *arguments: str) -> dict[str, float]:
    """Train; wall and CPU seconds of the whole process."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    recsys(folder, "train", *arguments)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": time.perf_counter() - started, "cpu": cpu}


def bench(folder: Path, options: list[str]) -> None:
    """Train what is not there yet, then from yesterday's, and print how they compare."""
    if not (folder / "old.model").exists():
        recsys(folder, "train", "--data", "yesterday", "--model", "old.model")
    kept = folder / "seconds.json"
    if not kept.exists():
        kept.write_text(json.dumps(timed(folder, "--data", "tonight", "--model", "anew.model")))
    anew = json.loads(kept.read_text())
    arguments = ("--data", "tonight", "--model", "from.model", "--from", "old.model", "--holdout", "0")
    continued = timed(folder, *arguments, *options)
    for name in ("wall", "cpu"):
        ratio = continued[name] / anew[name]
        print(f"{name} seconds: anew {anew[name]:.1f}, from {continued[name]:.1f}, ratio {ratio:.2f}")
    for before in ("anew.model", "old.model"):
        compared = recsys(folder, "compare", before, "from.model", "--data", "tonight", "--ratings", _ASIDE)
        for change in compared["metrics"]:
            half = (change["change"]["high"] - change["change"]["low"]) / 2
            values = f"{change['old']['value']:.4f}, from {change['new']['value']:.4f}"
            print(f"{before:<12}{change['metric']:<10} {values}: {change['change']['value']:+.4f} ±{half:.4f}")
        print(f"{before:<12}overlap@10 {compared['lists']['overlap']:.3f}")


def main() -> None:
    """Make the two nights and measure."""
    parser = argparse.ArgumentParser(description="Seconds and quality of train --from beside training anew.")
    parser.add_argument("--data", type=Path, required=True, help="with ratings.dat or .csv, times last")
    parser.add_argument("--new", type=float, default=0.05, help="share of the ratings that are new")
    parser.add_argument("--aside", type=float, default=0.1, help="share of the ratings to measure on")
    parser.add_argument("--seed", type=int, default=1, help="of what is set aside")
    parser.add_argument(
        "--keep", type=Path, help="folder that keeps the models; what is there is not trained again"
    )
    parser.add_argument("options", nargs="*", help="of the training --from")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        if not (folder / _ASIDE).exists():
            folder.mkdir(parents=True, exist_ok=True)
            write_nights(arguments.data, folder, new=arguments.new, aside=arguments.aside, seed=arguments.seed)
        bench(folder.resolve(), arguments.options)


if __name__ == "__main__":
    main()
