"""Train with some options, measure by one protocol, append the line to ``scripts/experiments.md``.

    python scripts/experiments.py --data data/ml-1m --seeds 1,2,3 objective=ranking temperature=0.05

Protocol: 10 % of the users are held out whole (cold: served by age, gender and job alone), 10 % of the others'
ratings are the test. Relevant is a rating of at least 4; the ranking is over all movies, without the training
movies of known users. Ratios are to most popular (known) and most popular in the (gender, age) group (cold) of the
same run. "told n" is NDCG@10 of cold users with 20 likes at least on their other likes, told n of them.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys_cli.config.evaluation import BaselineConfig
from recsys_cli.config.training import TrainingOptions
from recsys_cli.dataset.reader import Dataset, read_dataset
from recsys_cli.dataset.split import Split, hold_out_ratings, hold_out_users
from recsys_cli.metrics import ndcg, rmse, top_k
from recsys_cli.model.vocabulary import Vocabulary
from recsys_cli.solvers.ease import fit_ease
from recsys_cli.solvers.popularity import count_by_movie, count_in_groups
from recsys_cli.solvers.ridge import fit_ridge, one_hot
from recsys_cli.towers.runtime import prepare_process
from recsys_cli.training.batches import Batch, Batches
from recsys_cli.training.data import TrainingData, training_data

Floats = NDArray[np.float32]
LOG = Path(__file__).with_suffix(".md")
LIKE = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Protocol:
    """One split of the data, in rows; row 0 is nobody, column 0 no movie."""

    data: TrainingData
    known: NDArray[np.bool_]  # (U + 1,)
    cold: NDArray[np.bool_]  # (U + 1,)
    test: NDArray[np.int64]  # indices of the test ratings
    relevant: NDArray[np.bool_]  # (U + 1, M + 1) liked in the test, or at all by a cold user
    seen: NDArray[np.bool_]  # (U + 1, M + 1) rated in training, or column 0
    likes: Floats  # (U + 1, M + 1) liked in training

    @classmethod
    def split(cls, dataset: Dataset, vocabulary: Vocabulary, seed: int) -> "Protocol":
        """The split of one seed."""
        rng = np.random.default_rng([seed, 2])
        users = hold_out_users(dataset.ratings.user_rows, len(dataset.user_ids), share=0.1, rng=rng)
        ratings = hold_out_ratings(len(users.train), share=0.1, rng=rng)
        train, test = users.train[ratings.train], users.train[ratings.held_out]
        shape = (len(dataset.user_ids) + 1, len(dataset.movie_ids) + 1)

        def mark(chosen: NDArray[np.int64]) -> NDArray[np.bool_]:
            marked = np.zeros(shape, dtype=np.bool_)
            marked[dataset.ratings.user_rows[chosen], dataset.ratings.movie_rows[chosen]] = True
            return marked

        liked = dataset.ratings.values >= LIKE
        cold = np.zeros(shape[0], dtype=np.bool_)
        cold[dataset.ratings.user_rows[users.held_out]] = True
        known = ~cold
        known[0] = False
        seen = mark(train)
        seen[:, 0] = True
        asked = np.concatenate([test, users.held_out])
        return cls(
            data=training_data(dataset, vocabulary, Split(train=train, held_out=test[:0])),
            known=known,
            cold=cold,
            test=test,
            relevant=mark(asked[liked[asked]]),
            seen=seen,
            likes=mark(train[liked[train]]).astype(np.float32),
        )

    def known_ndcg(self, scores: Floats) -> float:
        """Mean NDCG@10 of scores (U + 1, M + 1) over the known users."""
        return self._ndcg(scores, self.known)

    def cold_ndcg(self, scores: Floats) -> float:
        """Mean NDCG@10 of scores (U + 1, M + 1) over the cold users."""
        return self._ndcg(scores, self.cold)

    def _ndcg(self, scores: Floats, group: NDArray[np.bool_]) -> float:
        users = np.flatnonzero(group & self.relevant.any(axis=1))
        hidden = np.where(self.seen[users], -np.inf, scores[users])
        return float(ndcg(top_k(hidden, 10), self.relevant[users]).mean())

    def group_popularity(self) -> Floats:
        """(U + 1, M + 1) likes in the user's (gender, age) group; ties by likes overall."""
        groups = self.data.user_genders * 100 + self.data.user_ages
        _, groups = np.unique(groups, return_inverse=True)
        scores: Floats = count_in_groups(sp.csr_matrix(self.likes), groups)[groups]
        return scores

    def popularity(self) -> Floats:
        """(U + 1, M + 1) likes in training."""
        return np.broadcast_to(count_by_movie(sp.csr_matrix(self.likes)), self.likes.shape)


def baselines(protocol: Protocol) -> dict[str, float]:
    """The heights that others reach on this split."""
    likes, group = protocol.likes, protocol.cold_ndcg(protocol.group_popularity())
    popular = protocol.known_ndcg(protocol.popularity())
    sparse = sp.csr_matrix(likes)
    data, known = protocol.data, protocol.known
    options = BaselineConfig()
    rows = (data.user_genders, data.user_ages, data.user_jobs)
    attributes = one_hot(rows, [data.num_genders + 1, data.num_ages + 1, data.num_jobs + 1])
    weights = fit_ridge(attributes[known], sparse[known], penalty=options.ridge_penalty)
    known_ease = protocol.known_ndcg(fit_ease(sparse, penalty=options.ease_penalty).predict(sparse))
    cold_ridge = protocol.cold_ndcg(attributes @ weights)
    return {"ease": known_ease, "ease x": known_ease / popular, "ridge": cold_ridge, "ridge x": cold_ridge / group}


def measure(protocol: Protocol, dataset: Dataset, snapshot: Any) -> dict[str, float]:
    """RMSE and NDCG@10 of a trained snapshot."""
    users = snapshot.user_vectors(np.arange(len(protocol.cold)))  # (U + 1, D), cold ones by their attributes
    movies = snapshot.movie_vectors  # (M + 1, D)
    scores = users @ movies.T
    result = {"known": protocol.known_ndcg(scores), "cold": protocol.cold_ndcg(scores)}
    result["known x"] = result["known"] / protocol.known_ndcg(protocol.popularity())
    result["cold x"] = result["cold"] / protocol.cold_ndcg(protocol.group_popularity())
    asked = dataset.ratings.at(protocol.test)
    user, movie = asked.user_rows, asked.movie_rows
    if snapshot.stars is not None:
        stars = snapshot.stars
        offsets = stars.movie_offsets[movie] + stars.user_offsets[user]
        estimates = stars.mean + offsets + ((users * stars.slope)[user] * movies[movie]).sum(axis=1)
    else:
        estimates = dataset.rating_max * scores[user, movie]
    result["rmse"] = rmse(np.clip(estimates, dataset.rating_min, dataset.rating_max), asked.values)
    return {**result, **_favourites(protocol, snapshot)}


def _favourites(protocol: Protocol, snapshot: Any) -> dict[str, float]:
    """NDCG@10 of cold users with 20 likes at least, told 0, 1, 3, 5 and 10 of them."""
    rng = np.random.default_rng(0)
    data, movies = protocol.data, snapshot.movie_vectors
    users = np.flatnonzero(protocol.cold & (protocol.relevant.sum(axis=1) >= 20))
    told = [rng.permutation(np.flatnonzero(protocol.relevant[user]))[:10] for user in users]
    result = {}
    for count in (0, 1, 3, 5, 10):
        vectors = []
        for user, likes in zip(users, told, strict=True):
            profile = (int(rows[user]) for rows in (data.user_genders, data.user_ages, data.user_jobs))
            ratings = np.full(count, data.rating_max, dtype=np.float32)
            vectors.append(snapshot.tables.with_history(*profile, likes[:count], ratings))
        scores = np.stack(vectors) @ movies.T
        scores[:, 0] = -np.inf
        relevant = protocol.relevant[users].copy()
        for row, likes in enumerate(told):
            scores[row, likes] = -np.inf
            relevant[row, likes] = False
        result[f"told {count}"] = float(ndcg(top_k(scores, 10), relevant).mean())
    return result


class WithoutHistory(Batches):
    """Batches of users who show no history: the id stands for all that is known of them, every rating is asked."""

    def history(self, user_rows: NDArray[np.int64]) -> tuple[sp.csr_matrix, sp.csr_matrix]:
        """Nothing rated."""
        rated, valued = super().history(user_rows)
        return rated * 0.0, valued * 0.0

    def _visible_shares(self, counts: Any, rng: np.random.Generator) -> Any:
        return np.zeros(len(counts))

    def _batch(self, users: Any, rng: np.random.Generator) -> Batch:
        batch = super()._batch(users, rng)
        dropped = rng.random(len(users)) < self.masking.user_id_dropout
        return replace(batch, tower_user_rows=np.where(dropped, 0, users).astype(np.int64))


def run(dataset: Dataset, options: TrainingOptions, seed: int, *, every: int, history: bool) -> dict[str, float]:
    """Train on one split and measure."""
    from recsys_cli.training import trainer as towers

    protocol = Protocol.split(dataset, Vocabulary.from_dataset(dataset), seed)
    started = time.monotonic()
    with patch.object(towers, "Batches", Batches if history else WithoutHistory):
        trainer = towers.Trainer(protocol.data, options)
    if every:
        print("  start:", _short(measure(protocol, dataset, trainer.snapshot())), flush=True)
    for epoch in range(trainer.epochs):
        loss = trainer.train_epoch(epoch, lambda ratings, loss: None)
        if every and epoch % every == every - 1:
            print(f"  epoch {epoch + 1}: loss {loss:.4f}", _short(measure(protocol, dataset, trainer.snapshot())))
            sys.stdout.flush()
    seconds = time.monotonic() - started
    return {**measure(protocol, dataset, trainer.snapshot()), "seconds": seconds}


def _short(result: dict[str, float]) -> str:
    return " ".join(
        f"{name} {value:.4f}" if value < 10 else f"{name} {value:.0f}" for name, value in result.items()
    )


def _parse(pairs: list[str]) -> dict[str, Any]:
    options = {}
    for pair in pairs:
        name, _, text = pair.partition("=")
        try:
            options[name] = json.loads(text)
        except ValueError:
            options[name] = text
    return options


def main() -> None:
    """Parse, train on every seed, print and append the line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("RECSYS_ML1M", "data/ml-1m")))
    parser.add_argument("--seeds", default="1")
    parser.add_argument("--every", type=int, default=0, help="measure every so many epochs, too")
    parser.add_argument("--baselines", action="store_true", help="measure EASE and the attribute ridge instead")
    parser.add_argument("--no-history", dest="history", action="store_false", help="train and serve without it")
    parser.add_argument("--note", default="", help="what the line is about")
    parser.add_argument("options", nargs="*", help="name=value, as in a file for recsys train --config")
    arguments = parser.parse_args()
    prepare_process(device="cpu")
    dataset = read_dataset(arguments.data)
    results = []
    for seed in map(int, arguments.seeds.split(",")):
        if arguments.baselines:
            results.append(baselines(Protocol.split(dataset, Vocabulary.from_dataset(dataset), seed)))
        else:
            options = TrainingOptions.from_dict({"seed": seed, **_parse(arguments.options)})
            results.append(run(dataset, options, seed, every=arguments.every, history=arguments.history))
        print(f"seed {seed}: {_short(results[-1])}", flush=True)
    mean = {name: float(np.mean([result[name] for result in results])) for name in results[0]}
    flags = [*["--baselines"] * arguments.baselines, *["--no-history"] * (not arguments.history)]
    command = " ".join(["--seeds", arguments.seeds, *flags, *arguments.options])
    print(f"mean: {_short(mean)}")
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"| `{command}` | {_short(mean)} | {arguments.note} |\n")


if __name__ == "__main__":
    main()
