"""What an index of movie vectors is, whichever program keeps it.

Invariants, the same for every store:

1. Vectors are unit rows and a similarity is their inner product: in -1..1, larger is better.
2. Hits come by descending similarity; equal ones by ascending movie id. Which of several equal movies falls
   off the end of the list is the store's choice.
3. An index belongs to one `Fingerprint`. A reader compares it with its own before it searches.
4. A reader sees the previous index or the new one. A new index is built under a name of its own, checked, and
   put in use by moving one alias; until then, and for good if the import dies, the previous one answers.
   The one exception: when only the movies file has changed, the changed rows are written in place, each row
   being the old or the new one. Before the first of them the index is marked as belonging to no movies, and the
   fingerprint is set after the last: who opens it in between, or after the update died, finds it stale.
5. A filter limits the search itself: k movies come back whenever k movies pass the filter.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from recsys_cli.config import IndexConfig
from recsys_cli.store.content import IndexContent

NO_MOVIES = ""  # in the fingerprint of an index whose rows are being changed: equal to nobody's
METRIC = "IP"  # inner product, the only metric: vectors are unit rows
LAYOUT = 2  # of the rows: since 2 they hold the number of ratings


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What an index was made from; two indexes with equal fingerprints hold the same rows."""

    model: str  # fingerprint of the model folder
    movies: str  # sha256 of the movies file, or NO_MOVIES
    dim: int  # width of a vector
    metric: str = METRIC
    layout: int = LAYOUT

    @property
    def digest(self) -> str:
        """Sha256 of all fields, 64 hexadecimal digits."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def to_json(self) -> str:
        """The fields as canonical JSON."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Fingerprint":
        """The reverse of `to_json`.

        Raises: ValueError: if the text is not JSON of exactly these fields.
        """
        try:
            return cls(**json.loads(text))
        except TypeError as error:
            raise ValueError(f"not a fingerprint: {text}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which movies may be returned; all conditions hold at once, and the default lets every movie pass.

    Attributes:
        all_genres: names a movie must have, every one of them.
        any_genres: names of which a movie must have at least one; empty asks nothing.
        not_genres: names a movie must not have.
        year_min: first year, inclusive; a movie without a year never passes a year condition.
        year_max: last year, inclusive.
        min_ratings: training ratings that a movie must have at least, 0 to 2^63 - 1.
        exclude_ids: movie ids left out; ids that the index does not hold are allowed.
    """

    all_genres: tuple[str, ...] = ()
    any_genres: tuple[str, ...] = ()
    not_genres: tuple[str, ...] = ()
    year_min: int | None = None
    year_max: int | None = None
    min_ratings: int = 0
    exclude_ids: tuple[int, ...] = ()

    @property
    def genres(self) -> tuple[str, ...]:
        """Every genre named, in the order of the fields."""
        return self.all_genres + self.any_genres + self.not_genres


NO_FILTER = Filter()
DEFAULT_INDEX = IndexConfig()


@dataclass(frozen=True, slots=True)
class Hits:
    """The answer to one query.

    Attributes:
        movie_ids: (n,) int64, n <= k.
        similarities: (n,) float32 inner products, descending; equal ones by ascending movie id.
        titles: n titles as stored, or empty if they were not asked for.
        genres: n tuples of genre names, or empty if they were not asked for.
        years: n years, 0 unknown, or empty if they were not asked for.
    """

    movie_ids: npt.NDArray[np.int64]
    similarities: npt.NDArray[np.float32]
    titles: tuple[str, ...] = ()
    genres: tuple[tuple[str, ...], ...] = ()
    years: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.movie_ids)


@dataclass(frozen=True, slots=True)
class WriteReport:
    """What an import did.

    Attributes:
        action: "built" a new index, "updated" changed rows in place, or found it "current".
        rows: movies in the index now.
        added: movies that were not in the index before; all of them when it was built.
        changed: movies whose row was replaced.
        removed: movies deleted.
        index_type: the index's type, lower case.
        seconds: wall time.
    """

    action: Literal["built", "updated", "current"]
    rows: int
    added: int
    changed: int
    removed: int
    index_type: str
    seconds: float


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """What a store holds, as read back from it.

    Attributes:
        address: where it is, without secrets.
        server_version: as the server says.
        alias: the name readers use.
        collection: the collection the alias names, or None if there is no index.
        others: collections of earlier or unfinished imports.
        fingerprint: what the index was made from, or None.
        rows: movies in the index.
        index_type: lower case, or "" if there is no index.
        index_params: parameters of the index as the backend reports them.
        vector_bytes: rows x dimensions x 4.
        disk_bytes: size of the folder, or None where the server does not tell.
        updating: True if an update of rows in place has not ended.
    """

    address: str
    server_version: str
    alias: str
    collection: str | None = None
    others: tuple[str, ...] = ()
    fingerprint: Fingerprint | None = None
    rows: int = 0
    index_type: str = ""
    index_params: dict[str, str] = field(default_factory=dict)
    vector_bytes: int = 0
    disk_bytes: int | None = None
    updating: bool = False


class Store(Protocol):
    """One index of movies under one name. A context manager; closing it twice is allowed."""

    @property
    def fingerprint(self) -> Fingerprint | None:
        """What the index was made from; None if there is no index. Of `NO_MOVIES` while rows are being changed."""
        ...

    @property
    def genres(self) -> tuple[str, ...]:
        """Every genre name the index knows, sorted; empty if there is no index."""
        ...

    def search(
        self,
        vectors: npt.NDArray[np.float32],
        k: int,
        *,
        filter: Filter = NO_FILTER,
        with_movies: bool = False,
    ) -> list[Hits]:
        """The k movies of the largest inner product for each query.

        Args:
            vectors: (Q, D) float32 unit rows.
            k: > 0; more than the index holds returns what there is.
            filter: which movies may be returned.
            with_movies: return titles, years and genres too.

        Returns: Q answers, in the order of the queries; the same as Q searches of one vector.

        Raises:
            StoreError: no index, a genre that the index does not know, or a failure of the backend.
            ValueError: if a shape or k is wrong.
        """
        ...

    def vectors(self, movie_ids: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """The vectors of movies of the index.

        Args:
            movie_ids: (n,) int64, n may be 0.

        Returns: (n, D) float32 unit rows, in the order of the ids.

        Raises: StoreError: no index, an id that it does not hold, or a failure of the backend.
        """
        ...

    def write(
        self,
        content: IndexContent,
        fingerprint: Fingerprint,
        *,
        index: IndexConfig = DEFAULT_INDEX,
        rebuild: bool = False,
        progress: Callable[[int], object] | None = None,
    ) -> WriteReport:
        """Make the index hold exactly this content.

        Nothing is done where the fingerprint is already there. Where the model is the same and few movies
        changed, only new, changed and removed rows are written. Otherwise a new index is built and put in use.

        Args:
            content: the movies.
            fingerprint: what the content was made from.
            index: type and parameters of an index that is built; one that is updated keeps its own.
            rebuild: build anew even if the fingerprint is there.
            progress: called after each batch with the number of movies written so far.
        Raises: StoreError: a failure, or another import that was faster.
        """
        ...

    def describe(self) -> IndexInfo:
        """What is there, as read back from the backend."""
        ...

    def drop(self) -> tuple[str, ...]:
        """Remove the index with everything that earlier imports left; returns the names of what was removed."""
        ...

    def close(self) -> None:
        """Give back what the store holds, above all the lock of a Milvus Lite folder."""
        ...

    def __enter__(self) -> "Store": ...

    def __exit__(self, *exc: object) -> None: ...
