"""How fast people are answered: questions line by line, and everybody in a file.

    python scripts/bench_recommend.py --folder FOLDER --users data/ml-1m/users.dat

FOLDER holds a model. What one command takes is measured by ``bench_startup.py``.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

QUESTION = ("-a", "25", "-g", "M", "-j", "4")


def seconds(command: list[str], folder: Path, stdin: str = "") -> float:
    """Wall time of a process."""
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, input=stdin, capture_output=True, text=True, check=True)
    return time.perf_counter() - started


def main() -> None:
    """Measure and print one JSON document."""
    parser = argparse.ArgumentParser(description="Questions a second and users a second.")
    parser.add_argument("--folder", type=Path, required=True, help="holds a model")
    parser.add_argument("--users", type=Path, required=True, help="users file for the rate of lists")
    parser.add_argument("--questions", type=int, default=500, help="asked line by line")
    arguments = parser.parse_args()
    folder, users = arguments.folder.resolve(), arguments.users.resolve()
    recommend = [sys.executable, "-m", "recsys_cli", "recommend"]
    subprocess.run([*recommend, *QUESTION], cwd=folder, check=True, capture_output=True)
    lines = "".join(
        json.dumps({"age": 18 + n % 50, "gender": "MF"[n % 2]}) + "\n" for n in range(arguments.questions)
    )
    one = seconds([*recommend, "--stdin"], folder, "{}\n")
    many = seconds([*recommend, "--stdin"], folder, lines)
    result: dict[str, float | str] = {
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
