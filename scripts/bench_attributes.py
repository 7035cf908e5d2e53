"""How well gender, age group and job alone can order movies for a person: closed forms beside each other.

    python scripts/bench_attributes.py --data data/ml-1m --seeds 1,2,3,4,5,6,7,8

The splits and the metric are those of ``experiments.py``: users held out whole, NDCG@10 on all their likes. The
last column is the ratio to the count of likes in the (gender, age) group. Everything is fitted on the other users.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from experiments import Protocol
from numpy.typing import NDArray
from scipy.sparse.linalg import svds

from recsys_cli.dataset.reader import read_dataset
from recsys_cli.model.vocabulary import Vocabulary
from recsys_cli.solvers.popularity import count_by_movie
from recsys_cli.solvers.ridge import fit_ridge

Floats = NDArray[np.float32]
GROUP = "likes in the group"


def predictors(protocol: Protocol) -> Iterator[tuple[str, Floats]]:
    """Names and scores (U + 1, M + 1)."""
    data, likes, known = protocol.data, protocol.likes, protocol.known
    ratings = protocol.seen.astype(np.float32)
    gender, age, job = (_one_hot(rows) for rows in (data.user_genders, data.user_ages, data.user_jobs))
    group = _one_hot(data.user_genders * 100 + data.user_ages)
    yield "likes of all", protocol.popularity()
    yield "ratings of all", np.broadcast_to(count_by_movie(sp.csr_matrix(ratings)), likes.shape)
    yield GROUP, protocol.group_popularity()
    yield "ratings in the group", group @ (group.T @ ratings)
    plain = [(gender, 100.0), (age, 100.0), (job, 100.0)]
    for penalty in (30.0, 100.0, 300.0):
        yield f"ridge, penalty {penalty:g}", _ridge([(block, penalty) for block, _ in plain], likes, known)
    yield "ridge, jobs penalised most", _ridge([(gender, 10.0), (age, 50.0), (job, 200.0)], likes, known)
    yield "ridge with groups", _ridge([*plain, (group, 300.0)], likes, known)
    older = np.cumsum(age, axis=1)  # 1 at a person's own age group and at all older ones
    yield "ridge, ages in order", _ridge([(gender, 10.0), (older, 100.0), (job, 300.0)], likes, known)
    counts = np.maximum(likes.sum(axis=1, keepdims=True), 1.0)
    for power in (0.25, 0.5, 1.0):
        yield f"ridge, likes / n^{power:g}", _ridge(plain, likes / counts**power, known)
    scores = _ridge(plain, likes, known)
    mean = scores[known].mean(axis=0)
    _, _, right = svds(likes[known] - likes[known].mean(axis=0), k=200, random_state=0)
    for rank in (20, 50, 200):
        basis = right[-rank:]  # the largest singular values come last
        yield f"ridge, by {rank} principal tastes", (scores - mean) @ basis.T @ basis + mean
    for factor in (0.7, 1.4):
        yield f"ridge, {factor:g} x the deviation", mean + factor * (scores - mean)


def _one_hot(rows: NDArray[np.integer]) -> Floats:
    _, codes = np.unique(rows, return_inverse=True)
    hot: Floats = np.eye(codes.max() + 1, dtype=np.float32)[codes]
    return hot


def _ridge(blocks: list[tuple[Floats, float]], targets: Floats, known: NDArray[np.bool_]) -> Floats:
    """Scores by ridge regression from blocks of inputs, each with its penalty, and a free constant."""
    inputs = np.hstack([np.ones((len(targets), 1), dtype=np.float32), *(block for block, _ in blocks)])
    penalties = np.concatenate([[1e-3], *(np.full(block.shape[1], penalty) for block, penalty in blocks)])
    scores: Floats = inputs @ fit_ridge(inputs[known], targets[known], penalty=penalties)
    return scores


def main() -> None:
    """Print the table, best first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("data/ml-1m"))
    parser.add_argument("--seeds", default="1,2,3")
    arguments = parser.parse_args()
    dataset = read_dataset(arguments.data)
    vocabulary = Vocabulary.from_dataset(dataset)
    found: dict[str, list[float]] = {}
    for seed in map(int, arguments.seeds.split(",")):
        protocol = Protocol.split(dataset, vocabulary, seed)
        for name, scores in predictors(protocol):
            found.setdefault(name, []).append(protocol.cold_ndcg(scores))
    group = np.array(found[GROUP])
    print("| by | NDCG@10 | over likes in the group | standard error of the difference |")
    print("|---|---|---|---|")
    for name, values in sorted(found.items(), key=lambda item: -float(np.mean(item[1]))):
        error = np.std(np.array(values) - group, ddof=min(1, len(values) - 1)) / np.sqrt(len(values))
        print(f"| {name} | {np.mean(values):.4f} | {np.mean(values) / group.mean():.4f} | {error:.4f} |")


if __name__ == "__main__":
    main()
