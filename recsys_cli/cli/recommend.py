"""``recsys recommend``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from recsys_cli.cli.next_command import movie_name, suggest
from recsys_cli.cli.options import csv_option, index_options, json_option, take_index
from recsys_cli.cli.progress_bars import TerminalProgress
from recsys_cli.cli.question_options import (
    filter_options,
    novelty_option,
    person_options,
    take_filter,
    take_person,
)
from recsys_cli.cli.render import echo_json_line, named_few
from recsys_cli.cli.render_answers import echo_recommendation
from recsys_cli.cli.streams import echo_note
from recsys_cli.config import RecommendConfig, StoreConfig
from recsys_cli.config.question import BulkConfig, Question, SimilarQuestion
from recsys_cli.dataset.demographics import ages_and_jobs
from recsys_cli.errors import ConfigError

if TYPE_CHECKING:
    from recsys_cli.recommend.lists import BulkReport

_QUESTION = Question()
_ENOUGH_FOR_A_RATE = 100  # users
_EXAMPLES = f"""\b
Examples:
  recsys recommend -a 25 -g M -j 4
  recsys recommend -a 56 -g F -j academic/educator -k 10 --explain
  recsys recommend --user 17 --genre Comedy --year 1990-1999
  recsys recommend --like "Toy Story" --like id:2 --dislike Speed --diversity 0.3
  recsys recommend -a 25 -g M -j 4 --novelty 0.5 --min-ratings 50
  recsys recommend -g F --json
  recsys recommend --users data/sample/users.dat -k 20 -o recommendations.parquet
  recsys recommend --users data/sample/users.dat --ratings data/sample/ratings.dat --part 1/2 -o first.parquet
  echo '{{"age": 25, "gender": "M", "job": 4}}' | recsys recommend --stdin
  echo '{{"similar": "Toy Story", "k": 5}}' | recsys recommend --stdin
  recsys recommend -a 25 -g M -j 4 -i

{ages_and_jobs()}
"""


@click.command(epilog=_EXAMPLES, short_help="Recommend movies to a person.")
@person_options
@click.option("-k", type=click.IntRange(1), default=_QUESTION.k, show_default=True, help="Number of movies.")
@click.option("--include-seen", is_flag=True, help="Also movies that the person has rated.")
@click.option(
    "--diversity",
    type=float,
    default=_QUESTION.diversity,
    show_default=True,
    help="0 for the best movies, up to 1 for the most different ones.",
)
@novelty_option
@click.option("--explain", is_flag=True, help="Say what speaks for each movie.")
@filter_options
@click.option(
    "--users",
    type=click.Path(path_type=Path),
    help="Recommend to everybody in this file; its columns are below.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="With --users: a .parquet, .csv or .jsonl file, or - for standard output (CSV, or JSON lines by --json).",
)
@click.option("--part", metavar="I/N", help="With --users: the lists of the I-th of N parts of them, such as 2/8.")
@click.option("--stdin", "from_stdin", is_flag=True, help="Answer JSON questions line by line.")
@index_options
@json_option
@csv_option
@click.pass_context
def command(
    context: click.Context,
    /,
    k: int,
    include_seen: bool,
    diversity: float,
    novelty: float,
    explain: bool,
    from_stdin: bool,
    as_json: bool,
    as_csv: bool,
    **options: Any,
) -> None:
    """Recommend movies to a person known by age, gender and job, by an id, or by some favourites.

    Leave out what is not known. A movie is an id or a title. The movies are those of movies_data.txt
    in the current directory where it is of this model, else those that the model was trained on. They are imported
    into Milvus on first use, and again when they or the model have changed; by default Milvus Lite keeps them in a
    folder beside the model.

    The file for --users is users.dat, u.user, or CSV or Parquet with a column userId or id and any of gender, age,
    job and the further columns of the training data; ids alone will do for people of the training data, and of the
    file for --ratings: whoever has rated what the model did not learn is answered by that, too. The output has a
    row for each movie: user_id, basis (user, history, profile or nobody: what answers), rank, movie_id, title,
    genres, score, stars, and with --explain group, group_count, group_mean, count, mean, like, shared_genres. A
    .jsonl has a line for a person.
    """
    config, store = take_index(options)
    question = Question(
        person=take_person(options),
        movies=take_filter(options),
        k=k,
        include_seen=include_seen,
        diversity=diversity,
        novelty=novelty,
        explain=explain,
    )
    files = _files(context.params)
    if files is not None:
        context.exit(int(not _recommend_to_all(config, store, question, files)))
    elif from_stdin:
        is_given = context.get_parameter_source("k") is not ParameterSource.DEFAULT
        similar = SimilarQuestion(movie="", movies=question.movies, novelty=novelty)
        similar = replace(similar, k=k) if is_given else similar
        _answer_stdin(config, store, question, similar)
    else:
        context.exit(int(not _recommend_to_one(config, store, question, as_json=as_json, as_csv=as_csv)))


def _recommend_to_one(
    config: RecommendConfig, store: StoreConfig, question: Question, *, as_json: bool, as_csv: bool
) -> bool:
    """Print the answer; returns whether there is a movie in it."""
    from recsys_cli.recommend.recommender import recommend

    answer = recommend(config, store, question, TerminalProgress())
    echo_recommendation(answer, explained=question.explain, as_json=as_json, as_csv=as_csv)
    if answer.movies:
        suggest("similar", lambda: [movie_name(answer.movies[0].movie_id, answer.movies[0].title)])
    return bool(answer.movies)


def _files(options: dict[str, Any]) -> BulkConfig | None:
    """The files of ``--users``, None without it.

    Raises:
        ConfigError: options that contradict each other, or that have no meaning without others.
    """
    users, output, part = options["users"], options["output"], options["part"]
    if (users is None) != (output is None):
        raise ConfigError("--users and --output belong together")
    if part is not None and users is None:
        raise ConfigError("--part belongs to --users")
    if options["from_stdin"] and users is not None:
        raise ConfigError("--stdin and --users exclude each other")
    if users is None:
        return None
    asked = ".jsonl" if options["as_json"] else ".csv" if options["as_csv"] else None
    return BulkConfig(users=users, output=output, asked=asked, ratings=options["ratings_path"], part=part)


def _recommend_to_all(config: RecommendConfig, store: StoreConfig, question: Question, files: BulkConfig) -> bool:
    """Write everybody's lists and say what came of it; returns whether anybody got a movie."""
    from recsys_cli.recommend import lists

    question = replace(question, person=replace(question.person, ratings_path=None))
    report = lists.run(config, store, question, files, TerminalProgress())
    for line in _summary(report):
        echo_note(line)
    suggest("evaluate", lambda: ["--model", str(config.model)])
    return report.reason is None


def _summary(report: BulkReport) -> Iterator[str]:
    where = "standard output" if str(report.output) == "-" else report.output
    if report.reason is not None:
        yield f"{where}: empty lists of {report.users:,} users"
        yield f"Note: {report.reason}"
    else:
        histories = f", {report.by_history:,} by what they rated" if report.by_history else ""
        nobody = f", {report.by_nobody:,} for nobody in particular" if report.by_nobody else ""
        yield (
            f"{where}: lists of {report.users:,} users, {report.by_user:,} by their own vectors{histories} and "
            f"{report.by_profile:,} by age, gender and job{nobody}"
        )
        rate = report.users / max(report.seconds, 1e-3)
        speed = f", {rate:,.0f} users a second" if report.users >= _ENOUGH_FOR_A_RATE else ""
        yield f"searched in {report.searched_in} in {report.seconds:.1f} s{speed}"
        if report.without_movies:
            yield f"no movie fits, their lists are empty: {report.without_movies:,}"
    if report.conflicts:
        yield f"by age, gender and job because the model knows their ids as others: {report.conflicts:,}"
    if report.unlisted:
        yield f"attributes of values that the model does not know, which count as unknown: {report.unlisted:,}"
    if report.unknown_ratings:
        yield f"ratings of movies that are not known, which say nothing: {report.unknown_ratings:,}"
    if report.left_out:
        ids = named_few([str(user_id) for user_id in report.left_out])
        yield f"left out, neither in the model nor described: {ids}"


def _answer_stdin(
    config: RecommendConfig, store: StoreConfig, defaults: Question, similar: SimilarQuestion
) -> None:
    from recsys_cli.recommend import conversation

    if sys.stdin is None:
        raise ConfigError("--stdin: standard input is closed")
    for answer in conversation.answers(
        config, store, sys.stdin.buffer, defaults=defaults, similar=similar, progress=TerminalProgress()
    ):
        echo_json_line(answer)
