"""``recsys train`` in several processes: started here, or on every machine by ``paddle.distributed.launch``."""

import os
import sys
from functools import partial
from typing import TYPE_CHECKING

from recsys_cli.config.training import TrainConfig
from recsys_cli.dataset.reader import Dataset, read_dataset
from recsys_cli.dataset.split import Split
from recsys_cli.errors import ConfigError
from recsys_cli.model.vocabulary import Vocabulary
from recsys_cli.model.writer import check_replaceable
from recsys_cli.progress import Progress, Silent
from recsys_cli.towers.runtime import paddle_away_from_home, prepare_process
from recsys_cli.training import train
from recsys_cli.training.data import part_of, training_data, users_of

if TYPE_CHECKING:  # paddle may not be loaded before the process is ready for it
    from recsys_cli.processes.group import Group


def run(config: TrainConfig, progress: Progress) -> train.TrainSummary | None:
    """Train a model and write its folder, in as many processes as the options, or paddle's launcher, say.

    Returns: None in a process that the launcher started and that is not the leading one.

    Raises:
        ConfigError: an option does not fit the machine, or differs between the processes.
        ProcessLostError: one of the processes has ended before its time.
        RecsysError: as :func:`recsys_cli.training.train.run`.
    """
    is_launched = int(os.environ.get("PADDLE_TRAINERS_NUM", "1")) > 1
    if not is_launched and config.workers == 1:
        return train.run(config, progress)
    if sys.platform != "linux":
        raise ConfigError("--workers: several processes need Linux, where alone paddle has gloo and nccl")
    if is_launched and config.workers > 1:
        raise ConfigError("--workers starts processes of its own: leave it out under paddle.distributed.launch")
    if is_launched:
        return _take_part(config, progress)
    check_replaceable(config.model)
    prepare_process(device=config.device)
    from recsys_cli.processes.launch import run_in_processes

    threads = max(len(os.sched_getaffinity(0)) // config.workers, 1)
    progress.detail(f"{config.workers} processes of {threads} thread{'s' * (threads > 1)} each")
    with paddle_away_from_home():
        summary: train.TrainSummary = run_in_processes(
            _take_part, config, progress, count=config.workers, threads=threads
        )
    return summary


def _take_part(config: TrainConfig, progress: Progress) -> train.TrainSummary | None:
    """In one of the processes: the leading one is as good as alone, the others do what it says."""
    prepare_process(device=config.device)
    from recsys_cli.processes.group import Group

    group = Group.join()
    if group.leads:
        return train.run(config, progress, group=group)
    group.tell()  # the data are there
    dataset = read_dataset(
        train.find_data(config.data, download=False, progress=Silent()),
        format=config.format,
        skip_bad_lines=config.skip_bad_lines,
    )
    known = train.known_of(train.earlier_of(dataset, config), config)
    group.agree(train.facts(dataset, config, known))
    vocabulary = Vocabulary.from_dataset(dataset)
    users = users_of(group.rank, group.size, len(dataset.user_ids))
    # From here on nobody's ratings but these users' are held.
    dataset, split = part_of(dataset, train.split_of(dataset, config, known), users)
    _follow(dataset, split, vocabulary, config, group)
    return None


def _follow(dataset: Dataset, split: Split, vocabulary: Vocabulary, config: TrainConfig, group: "Group") -> None:
    """Make the trainers that the leading process makes, and train what they train."""
    from recsys_cli.training.together import Together
    from recsys_cli.training.trainer import Trainer

    data_of = partial(training_data, dataset, vocabulary)
    while (on_all := group.tell()) is not None:
        together = Together(group)
        data = data_of(split.joined() if on_all else split)
        together.follow(Trainer(data, config.options, Silent(), together))
