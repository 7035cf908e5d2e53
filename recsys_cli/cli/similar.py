"""``recsys similar``."""

from typing import Any

import click

from recsys_cli.cli.next_command import movie_name, suggest
from recsys_cli.cli.options import csv_option, index_options, json_option, take_index
from recsys_cli.cli.progress_bars import TerminalProgress
from recsys_cli.cli.question_options import filter_options, novelty_option, take_filter
from recsys_cli.cli.render_answers import echo_similar
from recsys_cli.config.question import SimilarQuestion

_EXAMPLES = """\b
Examples:
  recsys similar "Toy Story"
  recsys similar "Matrix, The" -k 5 --not-genre Action
  recsys similar id:1 --year 1990- --min-ratings 100 --json
  recsys similar "Toy Story" --new
"""


@click.command(epilog=_EXAMPLES, short_help="List movies like a given one.")
@click.argument("movie")
@click.option("-k", type=click.IntRange(1), default=10, show_default=True, help="Number of movies.")
@click.option("--new", is_flag=True, help="Also movies that nobody has rated.")
@novelty_option
@filter_options
@index_options
@json_option
@csv_option
@click.pass_context
def command(
    context: click.Context,
    /,
    movie: str,
    k: int,
    new: bool,
    novelty: float,
    as_json: bool,
    as_csv: bool,
    **options: Any,
) -> None:
    """List the movies of the same taste as MOVIE, an id or a title.

    A title is found in any case, with or without its year and article. A number is an id where there is such
    a movie.
    """
    from recsys_cli.recommend import recommender

    config, store = take_index(options)
    question = SimilarQuestion(movie=movie, movies=take_filter(options), k=k, new=new, novelty=novelty)
    answer = recommender.similar(config, store, question, TerminalProgress())
    echo_similar(answer, as_json=as_json, as_csv=as_csv)
    suggest("recommend", lambda: ["--like", movie_name(answer.movie_id, answer.title)])
    context.exit(int(not answer.movies))
