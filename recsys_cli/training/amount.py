"""What of a training is chosen by the amount of data, where nobody says otherwise."""

import math

from recsys_cli.config.training import ScheduleConfig

_MOST_HELD_OUT = 150_000  # ratings
_MOST_LEARNT_TWICE = 3_000_000  # ratings
_MOST_PASSED = 1_000_000  # users, in all epochs together
_LEAST_USERS, _MOST_BATCHES = 256, 700
_NUMBERS_A_RATING = 32


def held_out_share(num_ratings: int, schedule: ScheduleConfig) -> float:
    """Share of so many ratings that is held out: the epoch is chosen as well by 150,000 as by millions."""
    return min(schedule.holdout, _MOST_HELD_OUT / max(num_ratings, 1))


def learns_twice(num_ratings: int, num_held_out: int, schedule: ScheduleConfig) -> bool:
    """Whether what is held out of so many ratings is worth a second training that learns it, too."""
    return schedule.refit and num_held_out > 0 and not _is_much(num_ratings)


def epochs_for(num_ratings: int, num_users: int) -> int:
    """Passes over so many training ratings: 9 sqrt(million / ratings), from 1 to 10, and a million users at most.

    More ratings move the towers as far in fewer passes (scripts/experiments.md), and so do more users: a pass
    takes a batch for every so many of them, however little each has rated.
    """
    passes = min(9.0 * (1e6 / max(num_ratings, 1)) ** 0.5, _MOST_PASSED / max(num_users, 1))
    return int(min(max(round(passes), 1), 10))


def epochs_from_model(num_ratings: int, num_users: int) -> int:
    """Passes from an earlier model, 1 to 3: a quarter of those of a training anew, both its trainings counted."""
    passes = epochs_for(num_ratings, num_users) * (1 if _is_much(num_ratings) else 2)
    return min(max(passes // 4, 1), 3)


def batch_users_for(num_users: int, schedule: ScheduleConfig) -> int:
    """Users of a batch, where nobody says how many: 256, or as many as make 700 batches of all.

    A batch encodes every movie that competes, so the time of a pass is that of its batches where people have
    rated little.
    """
    return schedule.batch_users or max(_LEAST_USERS, -(-num_users // _MOST_BATCHES))


def user_id_width(num_ratings: int, num_users: int, id_width: int) -> int:
    """Width of the users' own embeddings: 32 numbers for each of a user's ratings, to the next power of two.

    Who has rated one movie is told by it; a table of 256 numbers a person would be most of the memory. (A power
    of two, so that a model that goes on from an earlier one of little less data has the same.)
    """
    wanted = max(_NUMBERS_A_RATING * num_ratings / max(num_users, 1), 1.0)
    return min(id_width, 1 << math.ceil(math.log2(wanted)))


def _is_much(num_ratings: int) -> bool:
    return num_ratings > _MOST_LEARNT_TWICE
