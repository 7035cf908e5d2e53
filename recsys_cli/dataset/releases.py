"""The data sets that GroupLens publishes: where, how large, under which terms."""

from __future__ import annotations

from dataclasses import dataclass

from recsys_cli.errors import ConfigError

_GROUPLENS = "https://files.grouplens.org/datasets/movielens"
_NONE = "not allowed"
_ALIKE = "under the same terms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One published data set.

    Attributes:
        name: what `recsys download` calls it, and the name of its folder.
        title: as its publishers write it.
        num_bytes: size of the archive.
        md5: published hash of the archive, None where none is published.
        urls: where the archive is, in order of preference.
        redistribution: whether, and how, it may be passed on.
    """

    name: str
    title: str
    num_bytes: int
    md5: str | None
    urls: tuple[str, ...]
    redistribution: str

    @property
    def licence(self) -> str:
        """The terms of GroupLens in a line."""
        return (
            f"research use; redistribution {self.redistribution}; commercial use only with GroupLens' permission"
        )

    @property
    def size(self) -> str:
        """Size of the archive for people, such as "5.9 MB"."""
        megabytes = self.num_bytes / 1e6
        return f"{megabytes:.1f} MB" if megabytes < 10 else f"{megabytes:.0f} MB"


def _movielens(name: str, num_bytes: int, md5: str | None, *, redistribution: str, mirror: str = "") -> Release:
    return Release(
        name=f"ml-{name}",
        title=f"MovieLens {name.upper() if name[0].isdigit() else name}",
        num_bytes=num_bytes,
        md5=md5,
        urls=(f"{_GROUPLENS}/ml-{name}.zip", mirror) if mirror else (f"{_GROUPLENS}/ml-{name}.zip",),
        redistribution=redistribution,
    )


# Sizes and hashes are those of the archives and the .md5 files beside them; ml-latest-small is rebuilt from time
# to time and has no lasting hash.
RELEASES = {
    release.name: release
    for release in (
        _movielens("100k", 4_924_029, "0e33842e24a9c977be4e0107933c0723", redistribution=_NONE),
        _movielens(
            "1m",
            5_917_549,
            "c4d9eecfca2ab87c1945afe126590906",
            redistribution=_NONE,
            mirror="https://dataset.bj.bcebos.com/movielens%2Fml-1m.zip",
        ),
        _movielens("latest-small", 978_202, None, redistribution=_ALIKE),
        _movielens("10m", 65_566_137, "ce571fd55effeba0271552578f2648bd", redistribution=_NONE),
        _movielens("20m", 198_702_078, "cd245b17a1ae2cc31bb14903e1204af3", redistribution=_ALIKE),
        _movielens("25m", 261_978_986, "6b51fb2759a8657d3bfcbfc42b592ada", redistribution=_ALIKE),
        _movielens("32m", 238_950_008, "d472be332d4daa821edc399621853b57", redistribution=_ALIKE),
    )
}


def find_release(name: str) -> Release:
    """The release of a name.

    Raises: ConfigError: if there is none of that name; the message lists them.
    """
    if name not in RELEASES:
        raise ConfigError(f"{name!r} is not a data set; allowed: {', '.join(RELEASES)}")
    return RELEASES[name]
