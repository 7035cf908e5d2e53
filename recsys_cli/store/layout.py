"""How an index lies in Milvus: names, fields, and what a collection says about itself in its properties."""

import json
import re
import secrets
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from pymilvus import DataType, MilvusClient

from recsys_cli.config import IndexConfig
from recsys_cli.errors import StoreError
from recsys_cli.store.base import METRIC, NO_MOVIES, Fingerprint
from recsys_cli.store.expression import GENRE_CODES, NUM_RATINGS, Dialect

PROPERTY = "recsys"
VECTOR = "vector"
MOVIE_FIELDS = ("movie_id", "title", "year", "genres")  # what other programs read; genres as Drama|War
_FORMAT, _WITHOUT_RATINGS = 2, 1  # of the properties; an index of the second is there, and stale
_MAX_TEXT = 65535  # bytes, the most that Milvus takes
_MAX_GENRES = 1024  # of one movie
_LITE_TYPES = ("flat", "hnsw", "ivf_flat")
_SERVER_TYPES = (*_LITE_TYPES, "autoindex")

# Above this FLAT gives way to HNSW. Milvus Lite spends its time walking over the rows in Python, whatever the
# index: at 100,000 HNSW is no faster there (scripts/bench_index.py shows both), so it stays exact.
_FLAT_UP_TO = {"text": 1_000_000, "array": 50_000}


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """What a collection says about itself.

    Attributes:
        fingerprint: what its rows were made from; of no movies while they are being changed.
        genres: names, in the order of their codes.
        dialect: form of the genre field.
        index_type: lower case.
        search: parameters of a search in this index, for Milvus.
        updating: what marks the update of rows in place that is going on, or died, or "".
    """

    fingerprint: Fingerprint
    genres: tuple[str, ...]
    dialect: Dialect
    index_type: str
    search: dict[str, int] = field(default_factory=dict)
    updating: str = ""

    def being_changed(self) -> "Meta":
        """The same of no movies, with a mark that no other update has."""
        nothing = replace(self.fingerprint, movies=NO_MOVIES)
        return replace(self, fingerprint=nothing, updating=secrets.token_hex(8))

    def to_properties(self) -> dict[str, str]:
        """The collection's properties: one, so that they change all at once."""
        return {PROPERTY: json.dumps({"format": _FORMAT, **asdict(self)}, sort_keys=True)}

    @classmethod
    def from_properties(cls, properties: dict[str, str], collection: str) -> "Meta":
        """The reverse of `to_properties`.

        Raises: StoreError: if the collection is not this program's, or a newer version's.
        """
        text = properties.get(PROPERTY)
        if text is None:
            raise StoreError(
                f"the collection {collection!r} was not made by recsys: choose another name with --collection"
            )
        values: dict[str, Any] = json.loads(text)
        format = values.pop("format", None)
        if format not in (_FORMAT, _WITHOUT_RATINGS):
            raise StoreError(f"the collection {collection!r} has another format: import it again with --import")
        if format == _WITHOUT_RATINGS:
            values["fingerprint"]["layout"] = 1
        values["fingerprint"] = Fingerprint(**values["fingerprint"])
        values["genres"] = tuple(values["genres"])
        found = cls(**values)
        if found.updating and found.fingerprint.movies != NO_MOVIES:  # left by a version that kept the old one
            return found.being_changed()
        return found


def new_name(alias: str, fingerprint: Fingerprint) -> str:
    """A collection name for one import: the alias, the fingerprint, and a suffix that no other import has."""
    return f"{alias}_{fingerprint.digest[:12]}_{secrets.token_hex(4)}"


def is_ours(name: str, alias: str) -> bool:
    """Whether an import under this alias made a collection of this name."""
    return re.fullmatch(re.escape(alias) + "_[0-9a-f]{12}_[0-9a-f]{8}", name) is not None


def choose_type(index: IndexConfig, rows: int, dialect: Dialect, address: str) -> str:
    """The index type to build.

    Raises: StoreError: for a type that this backend takes and silently replaces by another.
    """
    if index.index_type is None:
        return "flat" if rows <= _FLAT_UP_TO[dialect] else "hnsw"
    supported = _LITE_TYPES if dialect == "text" else _SERVER_TYPES
    if index.index_type not in supported:
        raise StoreError(f"--index-type {index.index_type}: {address} supports {', '.join(supported)}")
    return index.index_type


def build_params(index: IndexConfig, index_type: str) -> dict[str, int]:
    """Parameters for building an index of this type."""
    if index_type == "hnsw":
        return {"M": index.m, "efConstruction": index.ef_construction}
    return {"nlist": index.nlist} if index_type == "ivf_flat" else {}


def search_params(index: IndexConfig, index_type: str) -> dict[str, int]:
    """Parameters for searching an index of this type."""
    if index_type == "hnsw":
        return {"ef": index.ef}
    return {"nprobe": index.nprobe} if index_type == "ivf_flat" else {}


def make_schema(dim: int, dialect: Dialect) -> Any:
    """The fields of a collection."""
    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("movie_id", DataType.INT64, is_primary=True)
    schema.add_field(VECTOR, DataType.FLOAT_VECTOR, dim=dim)
    schema.add_field("title", DataType.VARCHAR, max_length=_MAX_TEXT)
    schema.add_field("year", DataType.INT32)
    schema.add_field("genres", DataType.VARCHAR, max_length=_MAX_TEXT)
    if dialect == "text":
        schema.add_field(GENRE_CODES, DataType.VARCHAR, max_length=_MAX_TEXT)
    else:
        schema.add_field(GENRE_CODES, DataType.ARRAY, element_type=DataType.INT32, max_capacity=_MAX_GENRES)
    schema.add_field(NUM_RATINGS, DataType.INT64)
    schema.add_field("digest", DataType.INT64)
    return schema


def make_index(index_type: str, params: dict[str, int]) -> Any:
    """The index of the vector field; parameters must be nested for either backend to take them."""
    made = MilvusClient.prepare_index_params()
    made.add_index(VECTOR, index_type=index_type.upper(), metric_type=METRIC, params={"params": params})
    return made
