"""What a person can cause or cure. Anything else that is raised is a defect and keeps its traceback."""


class RecsysError(Exception):
    """Base of all errors shown as one line.

    The message says what is wrong, where, and what to do about it. ``exit_code`` is the process's exit status.
    """

    exit_code = 1


class DataError(RecsysError):
    """A data set or movie file is missing or malformed."""


class ConfigError(RecsysError, ValueError):
    """An option has a value that is not allowed."""

    exit_code = 2


class ArtifactError(RecsysError):
    """A model folder or ``movies_data.txt`` is missing, damaged, or belongs to something else."""


class StoreError(RecsysError):
    """Milvus cannot be reached, or the index is not what the model needs."""


class UnknownUserError(RecsysError):
    """A user id that the model has never seen."""


class TrainingError(RecsysError):
    """Training cannot go on, such as when the loss is not a number any more."""


class ProcessLostError(TrainingError):
    """One of several processes of a training has ended before its time."""


class ServeError(RecsysError):
    """A service cannot be started: its port is in use, its host is none of this machine, a package is missing."""
