"""The files of a model folder: opened together, each checked against ``model.json`` as it is read.

Invariants: ``model.json`` names every other file with its size and sha256 and carries a checksum of itself;
the fingerprint covers those digests and what the model is, never how long it took or where it was made.
"""

import errno
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from recsys_cli.errors import ArtifactError
from recsys_cli.model.document import AGAIN, DOCUMENT, FileEntry, ModelInfo, no_model, read_document, sha256
from recsys_cli.model.open_files import OpenFiles

_T = TypeVar("_T", bound="CheckedFiles")


class CheckedFiles:
    """A model's files as bytes, those of one model whatever takes its place on disk meanwhile."""

    def __init__(self, held: OpenFiles, info: ModelInfo, fingerprint: str, files: Mapping[str, FileEntry]):
        self.path = held.path
        self.info = info
        self.fingerprint = fingerprint
        self._held = held
        self._files = files

    @classmethod
    def open(cls: type[_T], path: Path) -> _T:
        """Read and check ``model.json``; the other files are opened now, and read when they are asked for.

        A training that puts another model in its place changes nothing for this one.

        Raises:
            ArtifactError: no model at ``path``, one of another format version, or a damaged ``model.json``.
        """
        while True:
            try:
                held = OpenFiles(path)
            except (FileNotFoundError, NotADirectoryError) as error:
                raise no_model(path) from error
            except OSError as error:
                raise ArtifactError(f"{path}: {error.strerror}") from error
            held.open([DOCUMENT], follow=True)
            try:
                info, fingerprint, files = read_document(held)
            except ArtifactError:
                if held.is_current():
                    raise
                continue  # it was being removed, another one stands in its place
            if held.open(files) or held.is_current():
                return cls(held, info, fingerprint, files)

    def has(self, name: str) -> bool:
        """Whether a file is part of this model."""
        return name in self._files

    def read(self, name: str) -> bytes:
        """Bytes of one file of the folder, checked against its size and sha256.

        Raises:
            ArtifactError: the file is missing or is not the one that was written.
        """
        file = self.path / name
        if name not in self._files:
            raise ArtifactError(f"{file}: not part of this model: {AGAIN}")
        expected = self._files[name]
        try:
            size = self._held.size(name)
            if size != expected.size:
                raise ArtifactError(f"{file}: {size} bytes instead of {expected.size}, damaged: {AGAIN}")
            content = self._held.read(name)
        except FileNotFoundError as error:
            raise ArtifactError(f"{file}: missing, the model folder is incomplete: {AGAIN}") from error
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise ArtifactError(f"{file}: a link instead of a file: {AGAIN}") from error
            raise ArtifactError(f"{file}: {error.strerror}") from error
        if sha256(content) != expected.sha256:
            raise ArtifactError(f"{file}: sha256 does not match, the file was changed or damaged: {AGAIN}")
        return content

    def require_current(self) -> None:
        """See that the folder still stands under its name: for who must read a file by its path.

        Raises: ArtifactError: another model has taken its place.
        """
        if not self._held.is_current():
            raise ArtifactError(f"{self.path}: was replaced while it was being read: run the command again")

    def verify(self) -> None:
        """Check every file now.

        Raises:
            ArtifactError: as :meth:`read`.
        """
        for name in self._files:
            self.read(name)
