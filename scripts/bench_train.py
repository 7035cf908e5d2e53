"""Ratings a second of this trainer beside a plain Paddle port of the original's loop, in one run on the same data.

    python scripts/bench_train.py --data data/ml-1m

The port: both towers for every rating, batches of 256 ratings, its dimensions (ids 32, attributes 16, vector 200),
``nn.Conv1D`` on padded titles, ``cosine_similarity``, SGD 0.2 and sparse embeddings. Each measurement is a process
of its own, because the MKL setting counts only before paddle is loaded.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

MKL = "MKL_DEBUG_CPU_TYPE"


def bench_trainer(data: Any, *, seconds: float, threads: int) -> dict[str, float]:
    """Ratings a second of this trainer after one epoch of warming up, and where the time of a step goes."""
    import paddle

    from recsys_cli.config.training import TrainingOptions
    from recsys_cli.model.trainer import Trainer

    paddle.base.core.set_num_threads(threads)
    started = time.perf_counter()
    trainer = Trainer(data, TrainingOptions())
    setup = time.perf_counter() - started
    trainer.train_epoch(0, lambda ratings, loss: None)
    parts: dict[str, float] = {}
    _time_parts(trainer, parts)
    started, epochs = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        trainer.train_epoch(epochs + 1, lambda ratings, loss: None)
        epochs += 1
    elapsed = time.perf_counter() - started
    steps = epochs * len(trainer.batches)
    result = {
        "ratings/s": epochs * len(data.training) / elapsed,
        "setup s": setup,
        "step ms": 1e3 * elapsed / steps,
    }
    return result | {f"{name} ms": 1e3 * spent / steps for name, spent in parts.items()}


def _time_parts(trainer: Any, parts: dict[str, float]) -> None:
    """Add up the time of the trainer's parts; each is wrapped where the trainer calls it."""
    import paddle

    def timed(name: str, function: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            started = time.perf_counter()
            result = function(*arguments, **options)
            parts[name] = parts.get(name, 0.0) + time.perf_counter() - started
            return result

        return call

    trainer._loss = timed("forward", trainer._loss)
    trainer.optimizer.step = timed("adam", trainer.optimizer.step)
    trainer._update_average = timed("average", trainer._update_average)
    trainer.batches._batch = timed("batch", trainer.batches._batch)
    paddle.Tensor.backward = timed("backward", paddle.Tensor.backward)
    if trainer.teacher is not None:
        trainer.teacher.targets = timed("teacher (in forward)", trainer.teacher.targets)


def bench_port(data: Any, *, seconds: float, threads: int) -> dict[str, float]:
    """Ratings a second of the plain port."""
    import paddle
    from paddle import nn
    from paddle.nn import functional as F

    paddle.base.core.set_num_threads(threads)

    def embedding(rows: int, width: int) -> nn.Layer:
        return nn.Embedding(rows, width, sparse=True)

    num_words = data.num_words + 2  # the last row is padding
    embeddings = nn.LayerList(
        [
            embedding(data.num_users + 1, 32),
            embedding(data.num_genders + 1, 16),
            embedding(data.num_ages + 1, 16),
            embedding(data.num_jobs + 1, 16),
            embedding(data.num_movies + 1, 32),
            embedding(num_words, 32),
        ]
    )
    genre_table = nn.Linear(data.movie_genres.shape[1], 32, bias_attr=False)
    own = nn.LayerList([nn.Linear(width, width) for width in (32, 16, 16, 16, 32)])
    convolution = nn.Conv1D(32, 32, 3, padding=1)
    user_fusing, movie_fusing = nn.Linear(80, 200), nn.Linear(96, 200)
    layers = nn.LayerList([embeddings, genre_table, own, convolution, user_fusing, movie_fusing])
    optimizer = paddle.optimizer.SGD(0.2, parameters=layers.parameters())
    words = np.where(data.movie_words < 0, num_words - 1, data.movie_words).astype(np.int64)
    rng, ratings = np.random.default_rng(0), data.training
    warm_up = 20  # steps
    started, step = time.perf_counter(), 0
    while True:
        chosen = rng.integers(0, len(ratings), 256)
        users, movies = ratings.users[chosen].astype(np.int64), ratings.movies[chosen].astype(np.int64)
        columns = [
            users,
            *(rows[users].astype(np.int64) for rows in (data.user_genders, data.user_ages, data.user_jobs)),
        ]
        parts = [own[i](embeddings[i](paddle.to_tensor(rows))) for i, rows in enumerate(columns)]
        user = paddle.tanh(user_fusing(paddle.concat(parts, axis=1)))
        title = embeddings[5](paddle.to_tensor(words[movies])).transpose([0, 2, 1])  # (B, 32, L)
        parts = [
            own[4](embeddings[4](paddle.to_tensor(movies))),
            genre_table(paddle.to_tensor(data.movie_genres[movies])),
            paddle.tanh(convolution(title)).sum(axis=2),
        ]
        movie = paddle.tanh(movie_fusing(paddle.concat(parts, axis=1)))
        error = 5.0 * F.cosine_similarity(user, movie) - paddle.to_tensor(ratings.values[chosen])
        (error * error).mean().backward()
        optimizer.step()
        optimizer.clear_grad()
        step += 1
        if step == warm_up:
            started = time.perf_counter()
        elapsed = time.perf_counter() - started
        if step > warm_up and elapsed > seconds:
            return {"ratings/s": 256 * (step - warm_up) / elapsed}


def measure(arguments: argparse.Namespace) -> None:
    """One measurement in this process; prints JSON."""
    from recsys_cli.dataset.movielens import read_dataset
    from recsys_cli.dataset.split import hold_out_ratings
    from recsys_cli.dataset.vocabulary import Vocabulary
    from recsys_cli.steps.training_data import training_data

    dataset = read_dataset(arguments.data)
    split = hold_out_ratings(len(dataset.rating_values), share=0.1, rng=np.random.default_rng(1))
    data = training_data(dataset, Vocabulary.from_dataset(dataset), split)
    bench = bench_trainer if arguments.only == "trainer" else bench_port
    result = bench(data, seconds=arguments.seconds, threads=arguments.threads)
    print(json.dumps({**result, "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def main() -> None:
    """Run every measurement in a process of its own and print them beside each other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("data/ml-1m"))
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", choices=("trainer", "port"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        measure(arguments)
        return
    rates = {}
    for only in ("trainer", "port"):
        for mkl in ("", "5"):
            for threads in sorted({1, arguments.threads}):
                result = _measure_apart(arguments, only=only, mkl=mkl, threads=threads)
                rates[only, mkl, threads] = result.pop("ratings/s")
                rest = ", ".join(f"{name} {value:,.1f}" for name, value in result.items())
                setting = f"{only}, {MKL} {mkl or 'unset'}, {threads} threads"
                print(f"{setting}: {rates[only, mkl, threads]:,.0f} ratings/s; {rest}", flush=True)
    ours = rates["trainer", "5", arguments.threads]
    for mkl in ("", "5"):
        port = max(rates["port", mkl, threads] for threads in {1, arguments.threads})
        print(f"trainer / port with {MKL} {mkl or 'unset'}: {ours / port:.1f} x")


def _measure_apart(arguments: argparse.Namespace, *, only: str, mkl: str, threads: int) -> dict[str, float]:
    environment = {key: value for key, value in os.environ.items() if key != MKL}
    if mkl:
        environment[MKL] = mkl
    command = [sys.executable, "-W", "ignore", __file__, "--only", only, "--data", str(arguments.data)]
    command += ["--seconds", str(arguments.seconds), "--threads", str(threads)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


if __name__ == "__main__":
    main()
