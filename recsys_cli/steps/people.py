"""What may be said of a person, as the help lists it."""

from recsys_cli.dataset.demographics import MOVIELENS_1M


def ages_and_jobs() -> str:
    """The age groups and jobs of MovieLens 1M and of the sample, each as one paragraph."""
    ages = ", ".join(MOVIELENS_1M.age_name(row) for row in range(1, len(MOVIELENS_1M.ages) + 1))
    jobs = ", ".join(f"{number} {name}" for number, name in MOVIELENS_1M.jobs)
    return f"Ages are grouped: {ages}.\n\nJobs: {jobs}."
