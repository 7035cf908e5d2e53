"""How long a person waits before a command has begun: its help, a mistyped option, completion, and an answer.

    python scripts/bench_startup.py --folder FOLDER

FOLDER holds a model. Every figure is the median wall time of whole processes, run in turn with a bare interpreter
and with a bare script that imports pymilvus, opens the same Milvus Lite folder, loads the collection and searches
it: the ratios to those two hold on another machine.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import click

from recsys_cli.cli import main as recsys_main

QUESTION = ("-a", "25", "-g", "M", "-j", "4")
BARE = """
import sys
import numpy as np
from pymilvus import MilvusClient
client = MilvusClient(sys.argv[1])
name = client.list_collections()[0]
client.load_collection(name)
vector = np.random.default_rng(1).standard_normal(int(sys.argv[2])).astype(np.float32)
hits = client.search(name, [vector], limit=5, output_fields=["movie_id", "title", "genres"])
print(hits[0][0]["entity"]["title"])
"""


def seconds(command: list[str], folder: Path, completion: str | None) -> float:
    """Wall time of a process."""
    asked = {"_RECSYS_COMPLETE": "bash_complete", "COMP_WORDS": completion or ""}
    if completion is not None:
        asked["COMP_CWORD"] = str(len(completion.split(" ")) - 1)  # the word that is being typed
    environment = os.environ | (asked if completion is not None else {})
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    return time.perf_counter() - started


def processes(folder: Path) -> dict[str, tuple[list[str], str | None]]:
    """Command line and words to complete of everything that is measured, by name."""
    dim = json.loads((folder / "recommender_system.inference.model" / "model.json").read_text())["model"][
        "embedding_dim"
    ]
    # As the installed `recsys` starts: whoever completes calls it by its name.
    recsys = [sys.executable, "-c", "import sys; from recsys_cli.cli import main; sys.argv[0] = 'recsys'; main()"]
    names = recsys_main.list_commands(click.Context(recsys_main))
    return {
        "bare interpreter": ([sys.executable, "-c", "pass"], None),
        "bare pymilvus script": ([sys.executable, "-c", BARE, str(folder / "milvus.db"), str(dim)], None),
        "--help": ([*recsys, "--help"], None),
        "completion of a command": (recsys, "recsys re"),
        "no such command": ([*recsys, "recomend"], None),
        **{f"{name} --help": ([*recsys, name, "--help"], None) for name in names},
        **{f"{name}, completion of an option": (recsys, f"recsys {name} --") for name in names},
        **{f"{name}, no such option": ([*recsys, name, "--nonsense"], None) for name in names},
        "recommend, ready index": ([*recsys, "recommend", *QUESTION], None),
        "similar, ready index": ([*recsys, "similar", "1"], None),
        "recommend, in memory": ([*recsys, "recommend", *QUESTION, "--exact"], None),
    }


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description="How long it takes before a command has begun.")
    parser.add_argument("--folder", type=Path, required=True, help="holds a model")
    parser.add_argument("--runs", type=int, default=7, help="of each process")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    measured = processes(folder)
    ready, _ = measured["recommend, ready index"]
    subprocess.run(ready, cwd=folder, check=True, capture_output=True)
    times: dict[str, list[float]] = {name: [] for name in measured}
    for _ in range(arguments.runs):
        for name, (command, completion) in measured.items():
            times[name].append(seconds(command, folder, completion))
    medians = {name: statistics.median(values) for name, values in times.items()}
    print(f"{'':<34} {'s':>6} {'x interpreter':>14} {'x pymilvus':>11}")
    for name, median in medians.items():
        interpreter = median / medians["bare interpreter"]
        pymilvus = median / medians["bare pymilvus script"]
        print(f"{name:<34} {median:6.3f} {interpreter:14.1f} {pymilvus:11.2f}")


if __name__ == "__main__":
    main()
