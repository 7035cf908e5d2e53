"""Where a training starts: the towers at closed forms, and the teachers that are made of the same."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from recsys_cli.config.training import TrainingOptions
from recsys_cli.progress import Progress
from recsys_cli.solvers.cosine_als import fit_cosine_als
from recsys_cli.solvers.ease import fit_ease
from recsys_cli.towers.content_shape import ContentShape
from recsys_cli.towers.network import Sizes, TwoTowers
from recsys_cli.training.amount import user_id_width
from recsys_cli.training.batches import Batches
from recsys_cli.training.from_model import start_from
from recsys_cli.training.teacher import RankingTeacher, RatingTeacher
from recsys_cli.training.warm_start import (
    STAR_SWEEPS,
    damped_offsets,
    ease_start,
    ranking_factors,
    start_ranking,
    start_rating,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Started:
    """What else came of the start.

    Attributes:
        ranking_teacher: None where the softmax follows the likes alone.
        rating_teacher: None where the squared error follows the ratings alone.
        share: of the start in the weights that are kept, [0, 1).
        known: by parameter with a row for each movie, user, ...: (N + 1, 1) float32, 0 at the rows that keep
            nothing; every other parameter keeps that share of all.
        notes: what a person should know of it.
    """

    ranking_teacher: RankingTeacher | None = None
    rating_teacher: RatingTeacher | None = None
    share: float = 0.0
    known: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def new_towers(batches: Batches, options: TrainingOptions) -> TwoTowers:
    """The towers for some training data, with random weights."""
    data = batches.data
    sizes = Sizes(
        num_users=data.num_users,
        user_id_width=user_id_width(batches.num_ratings, len(batches.user_rows), options.towers.id_width),
        num_genders=data.num_genders,
        num_ages=data.num_ages,
        num_jobs=data.num_jobs,
        num_further=data.num_further,
        num_movies=data.num_movies,
        num_words=data.num_words,
        content=ContentShape.of(data.movie_genres[1:], data.movie_years[1:], num_values=data.num_values),
    )
    mean = batches.mean if options.objective.objective == "hybrid" else None
    return TwoTowers(sizes, options.towers, stars_mean=mean, sparse_movies=not batches.is_full)


def start_towers(towers: TwoTowers, batches: Batches, options: TrainingOptions, progress: Progress) -> Started:
    """Start new towers at an earlier model, or at closed forms on the training ratings, as the options say.

    Raises: ArtifactError: a file of the earlier model is damaged, or nothing of it fits.
    """
    if towers.stars is not None:
        users, movies = damped_offsets(batches)
        flat = np.zeros(options.towers.embedding_dim, dtype=np.float32)
        towers.stars.start(movie_offsets=movies, user_offsets=users, slope=flat)
    start = _start_rating if options.objective.objective == "rating" else _start_ranking
    earlier = batches.data.earlier
    if earlier is None:
        return start(towers, batches, options, progress)
    without = replace(options, warm_start=replace(options.warm_start, warm_start=False))
    teachers = start(towers, batches, without, progress)
    notes = start_from(towers, earlier)
    return replace(
        teachers, share=_share(batches, options), known=earlier.known(), notes=(*teachers.notes, *notes)
    )


def _start_ranking(towers: TwoTowers, batches: Batches, options: TrainingOptions, progress: Progress) -> Started:
    objective, warm_start, seed = options.objective, options.warm_start, options.schedule.seed
    teaches = batches.is_full and objective.teacher_weight > 0
    if not (teaches or warm_start.warm_start):
        return Started()
    with progress.task("Starting at EASE", total=3 + STAR_SWEEPS, unit="steps") as task:
        grades = batches.grades()
        ease = fit_ease(grades, penalty=objective.teacher_penalty)
        task.update(1)
        teacher = RankingTeacher(ease, grades) if teaches else None
        if not warm_start.warm_start:
            return Started(ranking_teacher=teacher)
        factors = ranking_factors(towers, warm_start)
        start = ease_start(batches, ease, grades, factors=factors, seed=seed)
        del ease, grades  # large, and without a teacher not needed any more
        task.update(2)
        start_ranking(towers, batches, start, warm_start, seed=seed, on_sweep=lambda done: task.update(2 + done))
        task.update(3 + STAR_SWEEPS)
    return Started(ranking_teacher=teacher, share=_share(batches, options))


def _share(batches: Batches, options: TrainingOptions) -> float:
    """Of the start in the weights that are kept."""
    given = options.warm_start.start_share
    if given is not None:
        return given
    # A step on a part of a large catalogue teaches less and disturbs more.
    if batches.data.earlier is None:
        return 0.0 if batches.is_full else 0.75
    return 0.7 if batches.is_full else 0.9


def _start_rating(towers: TwoTowers, batches: Batches, options: TrainingOptions, progress: Progress) -> Started:
    warm_start, teaches = options.warm_start, options.objective.teacher_weight > 0
    factors = min(warm_start.als_factors, options.towers.embedding_dim - 2, options.towers.history_width - 2)
    if not (warm_start.warm_start or teaches):
        return Started()
    if factors < 1:
        note = "no warm start and no teacher: for these, embedding_dim and history_width must be 3 at least"
        return Started(notes=(note,))
    with progress.task("Starting at ALS", total=warm_start.als_iterations, unit="sweeps") as task:
        users, movies = fit_cosine_als(
            batches.cosines(),
            mean=batches.mean / batches.data.rating_max,
            factors=factors,
            sweeps=warm_start.als_iterations,
            seed=options.schedule.seed,
            on_sweep=task.update,
        )
        if warm_start.warm_start:
            start_rating(towers, batches, users, movies)
    return Started(rating_teacher=RatingTeacher(users, movies, batches) if teaches else None)
