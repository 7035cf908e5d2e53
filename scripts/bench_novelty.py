"""What `--novelty` costs and what it gives: NDCG@10, and how well known the movies of the lists are.

    python scripts/bench_novelty.py --data data/ml-1m

A model is trained on the first split of `recsys evaluate`. Known and cold users are measured as there; the last
columns are of the lists of five for every gender, age group and job: how many of them hold the movie that is in
most lists without novelty, and how many movies there are in all of them.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys_cli import metrics
from recsys_cli.config.evaluation import ProtocolConfig
from recsys_cli.config.training import TrainingOptions
from recsys_cli.dataset.reader import Dataset, read_dataset
from recsys_cli.evaluation.evaluate import train_on
from recsys_cli.evaluation.protocol import Case, split_cases
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.user_vector import user_vectors
from recsys_cli.model.well_known import popularity, turned_away
from recsys_cli.progress import Silent

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


def measure(dataset: Dataset, case: Case, folder: ModelFolder) -> None:
    """Print a line for each share."""
    direction, counts = popularity(folder), folder.num_ratings
    profiles = np.array(list(np.ndindex(*(size - 1 for size in folder.demographic.shape[:3])))) + 1
    everybody = user_vectors(folder, profiles, np.full(len(profiles), -1))
    usual = 0
    print(f"{'novelty':<10}{'known':>8}{'ratings':>9}{'cold':>8}{'ratings':>9}{'usual':>8}{'movies':>8}")
    for share in SHARES:
        line = f"{share:<10}"
        for place in range(2):
            ndcg, known_by = ranked(dataset, case, folder, direction, place=place, share=share)
            line += f"{ndcg:>8.3f}{known_by:>9.0f}"
        scores = turned_away(everybody, direction, novelty=share) @ folder.movie_vectors.T
        lists = metrics.top_k(scores, 5)
        usual = usual if share else int(np.bincount(lists.ravel(), minlength=len(counts)).argmax())
        print(f"{line}{(lists == usual).any(axis=1).sum():>8}{len(np.unique(lists)):>8}")
    print(f"usual: in how many of {len(profiles)} lists {dataset.titles[usual]} is")


def ranked(
    dataset: Dataset, case: Case, folder: ModelFolder, direction: NDArray[np.float32], *, place: int, share: float
) -> tuple[float, float]:
    """NDCG@10 of a group's users, and the median number of ratings of the listed movies."""
    held_out = case.groups[place].ratings
    likes = held_out.at(held_out.values >= case.data.like_from)
    users = np.unique(likes.user_rows)
    rows = np.stack([dataset.user_genders, dataset.user_ages, dataset.user_jobs], axis=1)[users]
    vectors = user_vectors(folder, rows, users.astype(np.int64) - 1 if place == 0 else np.full(len(users), -1))
    scores = turned_away(vectors, direction, novelty=share) @ folder.movie_vectors.T
    scores[case.data.rated()[users][:, 1:].nonzero()] = -np.inf
    liked = np.zeros(scores.shape, dtype=np.bool_)
    liked[np.searchsorted(users, likes.user_rows), likes.movie_rows - 1] = True
    lists = metrics.top_k(scores, 10)
    return float(metrics.ndcg(lists, liked).mean()), float(np.median(folder.num_ratings[lists]))


def main() -> None:
    """Train, measure, print a table."""
    parser = argparse.ArgumentParser(description="What --novelty costs in NDCG@10.")
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data
    dataset = read_dataset(data)
    case, _ = split_cases(dataset, ProtocolConfig(), seed=1)
    with tempfile.TemporaryDirectory() as name:
        options = TrainingOptions()
        folder = train_on(dataset, case, options, data_dir=data, model=Path(name) / "model", progress=Silent())
        measure(dataset, case, folder)


if __name__ == "__main__":
    main()
