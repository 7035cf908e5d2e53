"""Every option and its default, checked where it is built."""

import hashlib
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from recsys_cli.errors import ConfigError

MODEL_DIR = Path("recommender_system.inference.model")
MOVIES_DATA = Path("movies_data.txt")
LAYOUTS = ("ml-100k", "ml-1m", "ml-10m", "ml-csv", "catalogue")  # of a data set's files


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadConfig:
    """What ``recsys download`` fetches, and where to.

    Attributes:
        release: name of the data set.
        data_dir: folder that the data set's own folder is put in.
        from_file: archive on disk to unpack instead of downloading one.
        url: another address of the same archive, instead of the published ones.
    """

    release: str
    data_dir: Path = Path("data")
    from_file: Path | None = None
    url: str | None = None

    def __post_init__(self) -> None:
        if self.from_file and self.url:
            raise ConfigError("--from-file and --url exclude each other")
        if self.url and not self.url.startswith(("http://", "https://")):
            raise ConfigError(f"--url: {self.url!r} is not allowed; allowed: an http:// or https:// address")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckConfig:
    """What ``recsys check`` reads.

    Attributes:
        data: folder of the data set.
        format: layout of its files, None to tell it by them.
    """

    data: Path
    format: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreprocessConfig:
    """What ``recsys preprocess`` reads and writes.

    Attributes:
        file: raw movie file; a bare name is looked for in several folders.
        output: file to write.
        model: folder of the model whose vocabulary encodes the movies.
        allow_title_changes: accept a known movie id under another title.
    """

    file: Path
    output: Path = MOVIES_DATA
    model: Path = MODEL_DIR
    allow_title_changes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendConfig:
    """What ``recsys recommend`` and ``recsys similar`` answer from.

    Attributes:
        model: model folder.
        movies_data: what ``recsys preprocess`` wrote; None for `MOVIES_DATA` here where it is of this model,
            else the movies that the model was trained on.
        auto_import: import the movies where the index is missing or stale.
        force_import: import them in any case.
    """

    model: Path = MODEL_DIR
    movies_data: Path | None = None
    auto_import: bool = True
    force_import: bool = False

    def __post_init__(self) -> None:
        if self.force_import and not self.auto_import:
            raise ConfigError("--import and --no-import contradict each other; leave one out")


EXACT_URI = "exact"
INDEX_TYPES = ("flat", "hnsw", "ivf_flat", "autoindex")


def default_uri(model: Path) -> str:
    """The Milvus Lite folder of a model: ``milvus.db`` beside it, ``NAME.milvus.db`` where it has another name.

    Two models side by side have an index each, and never import over one another.
    """
    place = _named(model)
    is_default = place.name == MODEL_DIR.name
    return str(place.with_name("milvus.db" if is_default else f"{place.name}.milvus.db"))


def default_collection(model: Path) -> str:
    """The collection of a model: ``recsys``, ``recsys_NAME`` where it has another name than the default one."""
    name = _named(model).name
    if name == MODEL_DIR.name:
        return StoreConfig().collection
    plain = re.sub(r"\W", "_", name, flags=re.ASCII)[:150]
    digest = "" if plain == name else f"_{hashlib.sha256(os.fsencode(name)).hexdigest()[:8]}"
    return f"{StoreConfig().collection}_{plain}{digest}"


def _named(model: Path) -> Path:
    """The path with a name at its end, which ``.`` and ``..`` do not have."""
    return model.resolve() if model.name in ("", "..") else model


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreConfig:
    """Which Milvus, and how to reach it.

    Attributes:
        uri: a folder ending in ``.db`` (Milvus Lite), ``http://``, ``https://`` or ``tcp://`` and an address
            (a server), or ``exact`` (in memory, without Milvus).
        token: ``user:password`` or an API key for a server; never shown.
        database: the server's database; empty for its default.
        ca_path: PEM file of the authority that signed the server's certificate; None for the usual ones.
        collection: name that readers use, an alias.
        timeout: seconds to wait for an answer, and for another process to leave a Milvus Lite folder.
        verbose: let the messages of the Milvus libraries through to stderr.
    """

    uri: str = "milvus.db"
    token: str = field(default="", repr=False)
    database: str = ""
    ca_path: Path | None = None
    collection: str = "recsys"
    timeout: float = 10.0
    verbose: bool = False

    def __post_init__(self) -> None:
        known = self.uri == EXACT_URI or self.is_lite or self.is_server
        if not known:
            raise ConfigError(
                f"--milvus-uri {self.address!r} is none of: a folder ending in .db, http://HOST:PORT, "
                "https://HOST:PORT, tcp://HOST:PORT, exact"
            )
        if self.is_server and "@" in self.uri and "@" not in urlsplit(self.uri).netloc:
            raise ConfigError(
                f"--milvus-uri {self.address!r}: a password with '/', '?' or '#' cannot stand in an address; use "
                "--milvus-token-file"
            )
        if not re.fullmatch(r"[A-Za-z_]\w{0,199}", self.collection, re.ASCII):
            raise ConfigError(
                f"--collection {self.collection!r} must be letters, digits and underscores, not beginning with a "
                "digit, at most 200"
            )
        if not 0 < self.timeout <= 3600:
            raise ConfigError(f"--timeout {self.timeout:g} is not in (0, 3600] seconds")
        if self.ca_path is not None and not self.uri.startswith("https://"):
            raise ConfigError("--milvus-ca needs an address that begins with https://")
        if self.ca_path is not None and not self.ca_path.is_file():
            raise ConfigError(f"--milvus-ca {self.ca_path}: no such file")

    @property
    def is_lite(self) -> bool:
        """Whether the address is a folder of Milvus Lite."""
        return "://" not in self.uri and self.uri.endswith(".db")

    @property
    def is_server(self) -> bool:
        """Whether the address is a server's."""
        return self.uri.startswith(("http://", "https://", "tcp://"))

    @property
    def address(self) -> str:
        """The address, user and password hidden."""
        if self.is_lite:
            return self.uri
        return re.sub(r"^(\w+://)?.*@", r"\1***@", self.uri, flags=re.DOTALL)  # a password may hold a slash


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexConfig:
    """The kind of vector index, its parameters, and those of a search in it.

    Attributes:
        index_type: one of `INDEX_TYPES`; None lets the number of movies decide.
        m: links of a movie in the HNSW graph, 2 to 2048.
        ef_construction: candidates kept while the HNSW graph is built, 8 to 4096.
        ef: candidates kept while HNSW is searched, 1 to 32768; a search for more uses that number.
        nlist: cells of IVF_FLAT, 1 to 65536.
        nprobe: cells of IVF_FLAT that a search looks into, 1 to nlist.
    """

    index_type: str | None = None
    m: int = 16
    ef_construction: int = 128
    ef: int = 128
    nlist: int = 1024
    nprobe: int = 32

    def __post_init__(self) -> None:
        if self.index_type is not None and self.index_type not in INDEX_TYPES:
            raise ConfigError(f"--index-type {self.index_type!r} is not one of: {', '.join(INDEX_TYPES)}")
        limits = {"m": (2, 2048), "ef_construction": (8, 4096), "ef": (1, 32768), "nlist": (1, 65536)}
        limits["nprobe"] = (1, self.nlist)
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ConfigError(f"--{name.replace('_', '-')} {value} is not in {low}..{high}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ManageIndexConfig:
    """What ``recsys index`` does before it shows what is there.

    Attributes:
        model: model folder that the index is compared with, and rebuilt from.
        movies_data: what ``recsys preprocess`` wrote; None for `MOVIES_DATA` here where it is of this model,
            else the movies that the model was trained on.
        drop: remove the index and what unfinished imports left.
        rebuild: build the index anew, and put it in use when it is whole.
        index: type and parameters of the index that is built.
    """

    model: Path = MODEL_DIR
    movies_data: Path | None = None
    drop: bool = False
    rebuild: bool = False
    index: IndexConfig = field(default_factory=IndexConfig)

    def __post_init__(self) -> None:
        if self.drop and self.rebuild:
            raise ConfigError("--drop and --rebuild contradict each other; leave one out")
        if self.index != IndexConfig() and not self.rebuild:
            raise ConfigError("an index's type and parameters are chosen when it is built: give --rebuild too")


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorConfig:
    """What ``recsys doctor`` looks at.

    Attributes:
        model: model folder.
        movies_data: what ``recsys preprocess`` wrote; None for `MOVIES_DATA` here where it is of this model,
            else the movies that the model was trained on.
        store: which Milvus, and how to reach it.
    """

    model: Path = MODEL_DIR
    movies_data: Path | None = None
    store: StoreConfig = field(default_factory=StoreConfig)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportConfig:
    """What ``recsys report`` reads and writes.

    Attributes:
        model: model folder.
        data: folder of the data set; None for the one that the model was trained on.
        evaluation: file of ``recsys evaluate --json``; None leaves out what needs one.
        movies_data: what ``recsys preprocess`` wrote; None for `MOVIES_DATA` here where it is of this model,
            else the movies that the model was trained on.
        output: HTML file to write.
        pictures: folder for each picture as SVG and PNG; None for none.
    """

    model: Path = MODEL_DIR
    data: Path | None = None
    evaluation: Path | None = None
    movies_data: Path | None = None
    output: Path = Path("report.html")
    pictures: Path | None = None
