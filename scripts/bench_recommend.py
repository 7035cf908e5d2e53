"""How fast people are answered: one command, questions line by line, and everybody in a file.

    python scripts/bench_recommend.py --folder FOLDER --users data/ml-1m/users.dat

FOLDER holds a model and its ``movies_data.txt``. The latency is that of whole processes, each run in turn with a
bare script that imports pymilvus, opens the same Milvus Lite folder, loads the collection and searches it.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

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


def seconds(command: list[str], folder: Path, stdin: str = "") -> float:
    """Wall time of a process."""
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, input=stdin, capture_output=True, text=True, check=True)
    return time.perf_counter() - started


def main() -> None:
    """Measure and print one JSON document."""
    parser = argparse.ArgumentParser(description="Latency, questions a second and users a second.")
    parser.add_argument("--folder", type=Path, required=True, help="holds the model and movies_data.txt")
    parser.add_argument("--users", type=Path, required=True, help="users file for the rate of lists")
    parser.add_argument("--runs", type=int, default=15, help="of each process")
    parser.add_argument("--questions", type=int, default=500, help="asked line by line")
    arguments = parser.parse_args()
    folder, users = arguments.folder.resolve(), arguments.users.resolve()
    recommend = [sys.executable, "-m", "recsys_cli", "recommend"]
    subprocess.run([*recommend, *QUESTION], cwd=folder, check=True, capture_output=True)
    document = json.loads((folder / "recommender_system.inference.model" / "model.json").read_text())
    bare = [sys.executable, "-c", BARE, str(folder / "milvus.db"), str(document["model"]["embedding_dim"])]
    times: dict[str, list[float]] = {"bare": [], "recsys": []}
    for _ in range(arguments.runs):
        times["bare"].append(seconds(bare, folder))
        times["recsys"].append(seconds([*recommend, *QUESTION], folder))
    medians = {name: statistics.median(values) for name, values in times.items()}
    lines = "".join(
        json.dumps({"age": 18 + n % 50, "gender": "MF"[n % 2]}) + "\n" for n in range(arguments.questions)
    )
    one = seconds([*recommend, "--stdin"], folder, "{}\n")
    many = seconds([*recommend, "--stdin"], folder, lines)
    result = {
        "bare script, s": round(medians["bare"], 3),
        "recsys recommend, s": round(medians["recsys"], 3),
        "ratio": round(medians["recsys"] / medians["bare"], 3),
        "questions a second": round((arguments.questions - 1) / (many - one), 1),
    }
    with tempfile.TemporaryDirectory() as name:
        for suffix in ("parquet", "csv", "jsonl"):
            command = [*recommend, "--users", str(users), "-k", "20", "-o", f"{name}/out.{suffix}"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
            result[f"lists, {suffix}"] = done.stderr.splitlines()[1]
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
