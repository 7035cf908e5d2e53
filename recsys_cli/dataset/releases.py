"""The data sets that GroupLens publishes: where, how large, under which terms."""

from __future__ import annotations

from dataclasses import dataclass

from recsys_cli.errors import ConfigError

_GROUPLENS = "https://files.grouplens.org/datasets/movielens"
_NO_REDISTRIBUTION = "research use, no redistribution"
_SAME_TERMS = "research use, redistribution alike"
COMMON_TERMS = "commercial use only with GroupLens' permission"  # of all releases


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One published data set.

    Attributes:
        name: what `recsys download` calls it, and the name of its folder.
        title: as its publishers write it.
        num_bytes: size of the archive.
        md5: published hash of the archive, None where none is published.
        urls: where the archive is, in order of preference.
        licence: its own terms in a few words; `COMMON_TERMS` come on top.
    """

    name: str
    title: str
    num_bytes: int
    md5: str | None
    urls: tuple[str, ...]
    licence: str

    @property
    def size(self) -> str:
        """Size of the archive for people, such as "5.9 MB"."""
        megabytes = self.num_bytes / 1e6
        return f"{megabytes:.1f} MB" if megabytes < 10 else f"{megabytes:.0f} MB"


def _movielens(name: str, num_bytes: int, md5: str | None, *, licence: str, mirror: str = "") -> Release:
    return Release(
        name=f"ml-{name}",
        title=f"MovieLens {name.upper() if name[0].isdigit() else name}",
        num_bytes=num_bytes,
        md5=md5,
        urls=(f"{_GROUPLENS}/ml-{name}.zip", mirror) if mirror else (f"{_GROUPLENS}/ml-{name}.zip",),
        licence=licence,
    )


# Sizes and hashes are those of the archives and the .md5 files beside them; ml-latest-small is rebuilt from time
# to time and has no lasting hash.
RELEASES = {
    release.name: release
    for release in (
        _movielens("100k", 4_924_029, "0e33842e24a9c977be4e0107933c0723", licence=_NO_REDISTRIBUTION),
        _movielens(
            "1m",
            5_917_549,
            "c4d9eecfca2ab87c1945afe126590906",
            licence=_NO_REDISTRIBUTION,
            mirror="https://dataset.bj.bcebos.com/movielens%2Fml-1m.zip",
        ),
        _movielens("latest-small", 978_202, None, licence=_SAME_TERMS),
        _movielens("10m", 65_566_137, "ce571fd55effeba0271552578f2648bd", licence=_NO_REDISTRIBUTION),
        _movielens("20m", 198_702_078, "cd245b17a1ae2cc31bb14903e1204af3", licence=_SAME_TERMS),
        _movielens("25m", 261_978_986, "6b51fb2759a8657d3bfcbfc42b592ada", licence=_SAME_TERMS),
        _movielens("32m", 238_950_008, "d472be332d4daa821edc399621853b57", licence=_SAME_TERMS),
    )
}


def find_release(name: str) -> Release:
    """The release of a name.

    Raises: ConfigError: if there is none of that name; the message lists them.
    """
    if name not in RELEASES:
        raise ConfigError(f"{name!r} is not a data set; allowed: {', '.join(RELEASES)}")
    return RELEASES[name]
