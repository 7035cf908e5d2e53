"""Ratings a second of ``recsys train`` in several processes of one thread each beside one process of one thread.

    python scripts/bench_workers.py --data /tmp/scale/5M
    python scripts/bench_workers.py --data data/ml-1m --workers 4

The set of the first line is made by ``scripts/bench_scale.py``. One epoch of the same batches each, without the
closed forms of the start, which process 0 computes alone; the figure is that of the summary: ratings of the epoch
over its seconds, what the processes say to each other, checkpoint and gathering included.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path


def ratings_per_second(data: Path, *, workers: int) -> float:
    """Train one epoch with one thread a process."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "train.toml"
        config.write_text("epochs = 1\nholdout = 0.0\nwarm_start = false\n", encoding="utf-8")
        done = subprocess.run(
            [
                *(sys.executable, "-m", "recsys_cli", "train", "--json", "--quiet", "--data", str(data)),
                *("--model", f"{folder}/model", "--config", str(config), "--workers", str(workers)),
            ],
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(done.stderr)
        return float(json.loads(done.stdout)["ratings_per_second"])


def main() -> None:
    """Measure one process, then several, and print both and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    one = ratings_per_second(options.data, workers=1)
    print(f"1 process: {one:,.0f} ratings/s", flush=True)
    several = ratings_per_second(options.data, workers=options.workers)
    print(f"{options.workers} processes: {several:,.0f} ratings/s, {several / one:.2f} x", flush=True)


if __name__ == "__main__":
    main()
