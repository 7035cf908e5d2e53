"""A question that a model can answer, as options of the command line: to show a person what to ask next."""

from pathlib import Path

import numpy as np

from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.vocabulary import open_vocabulary

_AGE, _GENDER, _JOB = 25, "M", 4


def example_question(model: Path) -> list[str]:
    """Options of ``recsys recommend``: a profile, as far as the model knows such; else its most rated movie.

    Raises: ArtifactError: the model is missing or damaged.
    """
    folder = ModelFolder.open(model)
    people = open_vocabulary(folder).demographics
    jobs = [job for job, _ in people.jobs]
    options = ["-a", str(_AGE)] if people.ages else []
    options += ["-g", _GENDER] if people.genders else []
    options += ["-j", str(_JOB if _JOB in jobs else jobs[-1])] if jobs else []
    return options or ["--like", f"id:{folder.movie_ids[np.argmax(folder.num_ratings)]}"]
