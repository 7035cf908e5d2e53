"""Ratings a second of this trainer beside a plain Paddle port of the original's loop, in one run on the same data.

    python scripts/bench_train.py --data data/ml-1m
    python scripts/bench_train.py --synthetic 1000000 --synthetic 10000000

The port: both towers for every rating, batches of 256 ratings, its dimensions (ids 32, attributes 16, vector 200),
``nn.Conv1D`` on padded titles, ``cosine_similarity``, SGD 0.2 and sparse embeddings. Each measurement is a process
of its own, because the MKL setting counts only before paddle is loaded. Two processes at once, with half the users
a batch, are what two data-parallel workers could reach if they exchanged their gradients in no time.

``--synthetic`` measures time and peak memory of this trainer on so many random ratings of 10,000 movies.
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


def bench_trainer(data: Any, *, seconds: float, threads: int, batch_users: int = 256) -> dict[str, float]:
    """Ratings a second of this trainer after one epoch of warming up, and where the time of a step goes."""
    import paddle

    from recsys_cli.config.training import TrainingOptions
    from recsys_cli.training.trainer import Trainer

    paddle.base.core.set_num_threads(threads)
    started = time.perf_counter()
    trainer = Trainer(data, TrainingOptions.from_dict({"batch_users": batch_users}))
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
    if trainer.start.ranking_teacher is not None:
        trainer.start.ranking_teacher.targets = timed(
            "teacher (in forward)", trainer.start.ranking_teacher.targets
        )


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
        users, movies = ratings.user_rows[chosen].astype(np.int64), ratings.movie_rows[chosen].astype(np.int64)
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


def synthetic(num_ratings: int) -> Any:
    """Training data of so many random ratings, some 150 a user, of 10,000 movies of falling popularity."""
    from recsys_cli.dataset.rows import Ratings
    from recsys_cli.training.data import TrainingData

    rng = np.random.default_rng(0)
    num_users, num_movies = num_ratings // 150, 10_000
    users = rng.integers(1, num_users + 1, num_ratings)
    movies = 1 + (num_movies * rng.random(num_ratings) ** 3).astype(np.int64)
    pairs = np.unique(users * (num_movies + 1) + movies)  # a user rates a movie once
    users, movies = np.divmod(pairs, num_movies + 1)
    values = rng.integers(1, 6, len(pairs)).astype(np.float32)
    genres = (rng.random((num_movies + 1, 20)) < 0.1).astype(np.float32)
    words = rng.integers(1, 8000, (num_movies + 1, 5)).astype(np.int32)
    words[0], genres[0] = -1, np.eye(20, dtype=np.float32)[0]
    none = Ratings(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.float32))
    return TrainingData(
        movie_genres=genres,
        movie_years=np.zeros(len(genres), dtype=np.float32),
        movie_words=words,
        user_genders=rng.integers(1, 3, num_users + 1).astype(np.int32),
        user_ages=rng.integers(1, 8, num_users + 1).astype(np.int32),
        user_jobs=rng.integers(1, 22, num_users + 1).astype(np.int32),
        user_further=np.zeros((num_users + 1, 0), dtype=np.int32),
        num_words=8000,
        num_genders=2,
        num_ages=7,
        num_jobs=21,
        num_further=0,
        num_values=0,
        rating_min=1.0,
        rating_max=5.0,
        training=Ratings(users.astype(np.int32), movies.astype(np.int32), values),
        validation=none,
    )


def read(folder: Path) -> Any:
    """Training data of a data set, a tenth of the ratings held out."""
    from recsys_cli.dataset.reader import read_dataset
    from recsys_cli.dataset.split import hold_out_ratings
    from recsys_cli.model.vocabulary import Vocabulary
    from recsys_cli.training.data import training_data

    dataset = read_dataset(folder)
    split = hold_out_ratings(len(dataset.ratings), share=0.1, rng=np.random.default_rng(1))
    return training_data(dataset, Vocabulary.from_dataset(dataset), split)


def measure(arguments: argparse.Namespace) -> None:
    """One measurement in this process; prints JSON."""
    data = synthetic(*arguments.synthetic) if arguments.synthetic else read(arguments.data)
    limits = {"seconds": arguments.seconds, "threads": arguments.threads}
    if arguments.only == "trainer":
        result = bench_trainer(data, batch_users=arguments.batch_users, **limits)
    else:
        result = bench_port(data, **limits)
    print(json.dumps({**result, "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def main() -> None:
    """Run every measurement in a process of its own and print them beside each other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("data/ml-1m"))
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--synthetic", type=int, action="append", metavar="RATINGS", help="repeatable")
    parser.add_argument("--batch-users", type=int, default=256, help=argparse.SUPPRESS)
    parser.add_argument("--only", choices=("trainer", "port"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        measure(arguments)
        return
    if arguments.synthetic:
        for ratings in arguments.synthetic:
            (result,) = _measure_apart(arguments, "--synthetic", str(ratings), only="trainer", mkl="5")
            print(f"{ratings:,} synthetic ratings: {_listed(result)}", flush=True)
        return
    rates = {}
    for only in ("trainer", "port"):
        for mkl in ("", "5"):
            for threads in sorted({1, arguments.threads}):
                (result,) = _measure_apart(arguments, "--threads", str(threads), only=only, mkl=mkl)
                rates[only, mkl, threads] = result["ratings/s"]
                print(f"{only}, {MKL} {mkl or 'unset'}, {threads} threads: {_listed(result)}", flush=True)
    workers = _measure_apart(
        arguments, "--threads", "1", "--batch-users", "128", only="trainer", mkl="5", processes=2
    )
    print(f"two trainers at once, 1 thread each: {sum(result['ratings/s'] for result in workers):,.0f} ratings/s")
    ours = rates["trainer", "5", arguments.threads]
    for mkl in ("", "5"):
        port = max(rates["port", mkl, threads] for threads in {1, arguments.threads})
        print(f"trainer / port with {MKL} {mkl or 'unset'}: {ours / port:.1f} x")


def _listed(result: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:,.1f}" for name, value in result.items())


def _measure_apart(
    arguments: argparse.Namespace, *options: str, only: str, mkl: str, processes: int = 1
) -> list[dict[str, float]]:
    """The same measurement in so many processes at once."""
    environment = {key: value for key, value in os.environ.items() if key != MKL}
    if mkl:
        environment[MKL] = mkl
    command = [sys.executable, "-W", "ignore", __file__, "--only", only, "--data", str(arguments.data)]
    command += ["--seconds", str(arguments.seconds), *options]
    started = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(processes)
    ]
    printed = [process.communicate()[0] for process in started]
    return [json.loads(text.splitlines()[-1]) for text in printed]


if __name__ == "__main__":
    main()
