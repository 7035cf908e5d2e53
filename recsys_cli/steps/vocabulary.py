"""The vocabulary of a model folder, checked against its arrays."""

import hashlib

import numpy as np

from recsys_cli.dataset.vocabulary import Vocabulary
from recsys_cli.errors import ArtifactError
from recsys_cli.model.artifact import ModelFolder


def open_vocabulary(folder: ModelFolder) -> Vocabulary:
    """Read the vocabulary of a model and see that the model's arrays have its sizes.

    Raises:
        ArtifactError: a file is damaged, or the vocabulary is another model's.
    """
    text = folder.vocabulary_text
    vocabulary = Vocabulary.from_json(text)
    known = vocabulary.demographics
    sizes = (len(known.genders) + 1, len(known.ages) + 1, len(known.jobs) + 1)
    if (
        hashlib.sha256(text.encode()).hexdigest() != folder.info.vocabulary_fingerprint
        or folder.demographic.shape[:3] != sizes
        or not np.array_equal(folder.movie_ids, vocabulary.movie_ids)
        or not np.array_equal(folder.user_ids, vocabulary.user_ids)
    ):
        raise ArtifactError(
            f"{folder.path / 'vocabulary.json'}: is not the vocabulary of this model's vectors: "
            "run 'recsys train' again"
        )
    return vocabulary
