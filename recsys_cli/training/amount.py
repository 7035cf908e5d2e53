"""What of a training is chosen by the amount of data, where nobody says otherwise."""

from recsys_cli.config.training import ScheduleConfig

_MOST_HELD_OUT = 150_000  # ratings
_MOST_LEARNT_TWICE = 3_000_000  # ratings


def held_out_share(num_ratings: int, schedule: ScheduleConfig) -> float:
    """Share of so many ratings that is held out: the epoch is chosen as well by 150,000 as by millions."""
    return min(schedule.holdout, _MOST_HELD_OUT / max(num_ratings, 1))


def learns_twice(num_ratings: int, num_held_out: int, schedule: ScheduleConfig) -> bool:
    """Whether what is held out of so many ratings is worth a second training that learns it, too."""
    return schedule.refit and num_held_out > 0 and not _is_much(num_ratings)


def epochs_for(num_ratings: int) -> int:
    """Passes over so many training ratings: 9 sqrt(million / ratings), from 1 to 10.

    More ratings move the towers as far in fewer passes (scripts/experiments.md).
    """
    return int(min(max(round(9.0 * (1e6 / max(num_ratings, 1)) ** 0.5), 1), 10))


def epochs_from_model(num_ratings: int) -> int:
    """Passes from an earlier model, 1 to 3: a quarter of those of a training anew, both its trainings counted."""
    passes = epochs_for(num_ratings) * (1 if _is_much(num_ratings) else 2)
    return min(max(passes // 4, 1), 3)


def _is_much(num_ratings: int) -> bool:
    return num_ratings > _MOST_LEARNT_TWICE
