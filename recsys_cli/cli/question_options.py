"""Options that say for whom and which movies; shared by the commands that answer questions."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from recsys_cli.config.question import MovieFilter, Person, Question
from recsys_cli.errors import ConfigError

_MOVIES = MovieFilter()
_Command = TypeVar("_Command", bound=Callable[..., Any])


def person_options(command: _Command) -> _Command:
    """Add the options that describe a person; :func:`take_person` takes them."""
    options = (
        click.option("-a", "--age", type=int, help="Age in years."),
        click.option("-g", "--gender", help="M or F."),
        click.option("-j", "--job", help="Job of the model's data set, by number or name."),
        click.option(
            "--attribute",
            "attributes",
            multiple=True,
            metavar="NAME=VALUE",
            help="What else the model's data set knows of people; repeatable.",
        ),
        click.option("--user", type=int, help="Id of a user of the training data."),
        click.option("--like", multiple=True, metavar="MOVIE", help="Liked movie, by id or title; repeatable."),
        click.option("--dislike", multiple=True, metavar="MOVIE", help="Disliked movie; repeatable."),
        click.option(
            "--ratings",
            "ratings_path",
            type=click.Path(path_type=Path),
            help="CSV file of the person's ratings: columns rating and movieId or title, perhaps year. "
            "With --users: what all of them have rated, in any layout that train reads.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def take_person(options: dict[str, Any]) -> Person:
    """Take what :func:`person_options` gave out of a command's options.

    Raises:
        ConfigError: an attribute is no name and value, or the user's id is out of range.
    """
    names = ("age", "gender", "job", "user", "like", "dislike", "ratings_path")
    attributes = tuple(map(_name_and_value, options.pop("attributes")))
    return Person(**{name: options.pop(name) for name in names}, attributes=attributes)


def _name_and_value(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise ConfigError(f"--attribute {text!r} is not allowed; allowed: NAME=VALUE")
    return name, value


def filter_options(command: _Command) -> _Command:
    """Add the options that say which movies are asked for; :func:`take_filter` takes them."""
    options = (
        click.option("--genre", multiple=True, help="Only movies of this genre; repeated: of all of them."),
        click.option("--any-genre", multiple=True, help="Only movies of one of these genres; repeatable."),
        click.option("--not-genre", multiple=True, help="No movies of this genre; repeatable."),
        click.option("--year", metavar="YEARS", help="Only movies of 1994, 1990-1999, 1990- or -1999."),
        click.option("--exclude", multiple=True, metavar="MOVIE", help="Leave this movie out; repeatable."),
        click.option(
            "--min-ratings",
            type=int,
            default=_MOVIES.min_ratings,
            show_default=True,
            metavar="N",
            help="Only movies with so many ratings in training.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def novelty_option(command: _Command) -> _Command:
    """Add ``--novelty``."""
    return click.option(
        "--novelty",
        type=float,
        default=Question().novelty,
        show_default=True,
        help="0 for the best movies, up to 1 for those that would be best if all were equally well known.",
    )(command)


def take_filter(options: dict[str, Any]) -> MovieFilter:
    """Take what :func:`filter_options` gave out of a command's options.

    Raises:
        ConfigError: the years are not a range, or the number of ratings is negative.
    """
    names = ("genre", "any_genre", "not_genre", "year", "exclude", "min_ratings")
    return MovieFilter(**{name: options.pop(name) for name in names})
