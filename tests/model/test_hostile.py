"""Model folders that are damaged, or forged by somebody who knows the checksums: each is refused, by file name."""

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from layouts import write_1m
from models import DIM, write_small_model

from recsys_cli.errors import ArtifactError
from recsys_cli.model.document import canonical, model_fingerprint, sha256
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.vocabulary import open_vocabulary

FILES = (
    "model.json",
    "vocabulary.json",
    "people.npz",
    "user_vectors.npz",
    "movie_vectors.npz",
    "user_tables.npz",
    "seen.npz",
    "audience.npz",
    "crowd.npz",
    "stars.npz",
    "movies_data.txt",
    "movie_tower.json",
    "movie_tower.pdiparams",
)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    write_1m(tmp_path / "data")
    return write_small_model(tmp_path / "model", tmp_path / "data").path


def use(path: Path) -> None:
    """Read everything that any command reads."""
    folder = ModelFolder.open(path)
    open_vocabulary(folder)
    for name in ("tables", "seen", "audience", "crowd", "stars", "num_ratings", "user_vectors", "movie_vectors"):
        getattr(folder, name)
    folder.verify()


def refusal(path: Path) -> str:
    with pytest.raises(ArtifactError) as error:
        use(path)
    message = str(error.value)
    assert "\n" not in message
    return message


def forge(path: Path, **changes: Callable[[Any], Any]) -> None:
    """Change parts of model.json, and make fingerprint and checksum right again."""
    document = json.loads((path / "model.json").read_text())
    document.pop("checksum")
    for key, change in changes.items():
        document[key] = change(document[key])
    if "fingerprint" not in changes and isinstance(document["model"], dict):
        document["fingerprint"] = model_fingerprint(document["files"], document["model"])
    document["checksum"] = sha256(canonical(document))
    (path / "model.json").write_text(json.dumps(document))


def forge_file(path: Path, name: str, content: bytes) -> None:
    """Replace a file, and make its size and digest in model.json right again."""
    (path / name).write_bytes(content)
    forge(path, files=lambda files: files | {name: {"size": len(content), "sha256": sha256(content)}})


def forge_arrays(path: Path, file: str, **changes: Any) -> None:
    """Replace arrays of an .npz file."""
    with np.load(path / file) as stored:
        arrays = dict(stored) | changes
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    forge_file(path, file, buffer.getvalue())


def test_the_folder_as_written_is_read(model: Path) -> None:
    use(model)
    assert sorted(file.name for file in model.iterdir()) == sorted(FILES)


@pytest.mark.parametrize("name", FILES)
def test_every_flipped_bit_and_every_truncation_is_noticed(
    model: Path, name: str, rng: np.random.Generator
) -> None:
    file = model / name
    content = file.read_bytes()
    for position in rng.integers(0, len(content), size=25).tolist():
        flipped = bytearray(content)
        flipped[position] ^= 1 << rng.integers(8)
        file.write_bytes(flipped)
        assert str(file) in refusal(model)
    for length in (0, 1, len(content) // 2, len(content) - 1):
        file.write_bytes(content[:length])
        if name != "model.json" or length != len(content) - 1:  # the last newline of JSON means nothing
            assert str(file) in refusal(model)
    file.write_bytes(content + b"x")
    assert str(file) in refusal(model)
    file.unlink()
    assert (str(model) if name == "model.json" else str(file)) in refusal(model)


def bomb(file: str, compression: int, shape: tuple[int, ...], data: bytes = b"") -> Callable[[Path], None]:
    """An .npz file whose vectors claim a shape, with too few bytes behind them."""

    def write(path: Path) -> None:
        with np.load(path / file) as stored:
            arrays = dict(stored)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", compression) as archive:
            for name, array in arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    if name == "vectors":
                        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
                        np.lib.format.write_array_header_1_0(member, header)
                        member.write(data)
                    else:
                        np.lib.format.write_array(member, array)
        forge_file(path, file, buffer.getvalue())

    return write


STARS = np.zeros(4, dtype=np.float32)
FORGERIES: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "NaN": (
        "movie_vectors.npz",
        lambda path: forge_arrays(path, "movie_vectors.npz", vectors=np.full((4, DIM), np.nan, dtype=np.float32)),
        "vectors holds NaN or infinity",
    ),
    "infinity": (
        "stars.npz",
        lambda path: forge_arrays(path, "stars.npz", movie_offsets=np.array([1, 2, np.inf, 4], dtype=np.float32)),
        "movie_offsets holds NaN or infinity",
    ),
    "pickle": (
        "seen.npz",
        lambda path: forge_arrays(path, "seen.npz", movie_ids=np.array([1, "a", None], dtype=object)),
        "movie_ids.npy is of type object",
    ),
    "text": (
        "user_vectors.npz",
        lambda path: forge_arrays(path, "user_vectors.npz", user_ids=np.array(["1", "2"])),
        "user_ids.npy is of type <U1",
    ),
    "too many dimensions": (
        "user_vectors.npz",
        lambda path: forge_arrays(path, "user_vectors.npz", user_ids=np.array([[1, 2]])),
        "user_ids.npy has the shape (1, 2), which its size does not bear out",
    ),
    "an array too many": (
        "seen.npz",
        lambda path: forge_arrays(path, "seen.npz", extra=STARS),
        "the arrays must be indptr, movie_ids",
    ),
    "a huge claim": (
        "user_vectors.npz",
        bomb("user_vectors.npz", zipfile.ZIP_STORED, (10**12, DIM)),
        f"vectors.npy has the shape (1000000000000, {DIM}), which its size does not bear out",
    ),
    "a compressed bomb": (
        "user_vectors.npz",
        bomb("user_vectors.npz", zipfile.ZIP_DEFLATED, (50_000_000,), bytes(200_000_000)),
        ".npy is compressed",
    ),
    "not a zip file": (
        "seen.npz",
        lambda path: forge_file(path, "seen.npz", b"PK\x03\x04 or not"),
        "not an .npz file: File is not a zip file",
    ),
    "other length of vectors": (
        "movie_vectors.npz",
        lambda path: forge_arrays(path, "movie_vectors.npz", vectors=np.zeros((4, 3), dtype=np.float32)),
        "must hold a vector for each movie",
    ),
    "unsorted ids": (
        "movie_vectors.npz",
        lambda path: forge_arrays(path, "movie_vectors.npz", movie_ids=np.array([1, 3, 9, 7])),
        "must hold ascending movie_ids",
    ),
    "other users": (
        "vocabulary.json",
        lambda path: forge_arrays(path, "people.npz", user_ids=np.array([1, 5])),
        "is not the vocabulary of this model's vectors",
    ),
    "vectors of other users": (
        "user_vectors.npz",
        lambda path: forge_arrays(path, "user_vectors.npz", user_ids=np.array([1, 5])),
        "must hold the user_ids of people.npz",
    ),
    "other demographics": (
        "vocabulary.json",
        lambda path: forge_arrays(path, "people.npz", demographic=np.zeros((3, 9, 22, DIM), dtype=np.float32)),
        "is not the vocabulary of this model's vectors",
    ),
    "tables of other jobs": (
        "user_tables.npz",
        lambda path: forge_arrays(path, "user_tables.npz", jobs=np.zeros((5, DIM), dtype=np.float32)),
        "must hold the rows of the demographic vectors",
    ),
    "interactions that end outside": (
        "seen.npz",
        lambda path: forge_arrays(path, "seen.npz", indptr=np.array([0, 3, 10**9])),
        "must hold places that cover all interactions",
    ),
    "interactions that go back": (
        "seen.npz",
        lambda path: forge_arrays(path, "seen.npz", indptr=np.array([0, 9, 5])),
        "must hold places that cover all interactions",
    ),
    "stars of other movies": (
        "stars.npz",
        lambda path: forge_arrays(path, "stars.npz", movie_offsets=STARS[:2]),
        "must hold a number for each dimension, movie and user",
    ),
    "a crowd without its numbers": (
        "crowd.npz",
        lambda path: forge_arrays(path, "crowd.npz", prior=STARS[:2]),
        "must hold a vector and two numbers for each person",
    ),
    "nobody in the crowd": (
        "crowd.npz",
        lambda path: forge_arrays(
            path, "crowd.npz", vectors=np.zeros((0, DIM), np.float32), prior=STARS[:0], log_sums=STARS[:0]
        ),
        "must hold a vector and two numbers for each person",
    ),
    "a vocabulary that is not UTF-8": (
        "vocabulary.json",
        lambda path: forge_file(path, "vocabulary.json", b"\xff\xfe"),
        "not UTF-8",
    ),
    "a vocabulary too deep": (
        "vocabulary.json",
        lambda path: forge_file(path, "vocabulary.json", b'{"titles": ' + b"[" * 100_000),
        "damaged: ",
    ),
    "a title that would colour the terminal": (
        "vocabulary.json",
        lambda path: forge_file(
            path, "vocabulary.json", (path / "vocabulary.json").read_bytes().replace(b"Heat", b"\\u001b[31m")
        ),
        "titles must be printable texts",
    ),
    "half a character": (
        "vocabulary.json",
        lambda path: forge_file(
            path, "vocabulary.json", (path / "vocabulary.json").read_bytes().replace(b'"Heat"', b'"\\ud800"')
        ),
        "damaged: ",
    ),
    "a path upwards": (
        "model.json",
        lambda path: forge(path, files=lambda files: files | {"../x": {"size": 1, "sha256": ""}}),
        "not of this format: Expected `str` matching regex",
    ),
    "an absolute path": (
        "model.json",
        lambda path: forge(path, files=lambda files: files | {"/etc/passwd": {"size": 1, "sha256": ""}}),
        "not of this format: Expected `str` matching regex",
    ),
    "a file without a size": (
        "model.json",
        lambda path: forge(path, files=lambda files: files | {"x": {"sha256": ""}}),
        "not of this format: Object missing required field `size` - at `$.files[...]`",
    ),
    "no files": ("model.json", lambda path: forge(path, files=lambda files: {}), "not part of this model"),
    "files as a list": (
        "model.json",
        lambda path: forge(path, files=list),
        "not of this format: Expected `object`, got `array` - at `$.files`",
    ),
    "a number as objective": (
        "model.json",
        lambda path: forge(path, model=lambda model: model | {"objective": 7}),
        "not of this format: Expected `str`, got `int` - at `$.model.objective`",
    ),
    "a scale upside down": (
        "model.json",
        lambda path: forge(path, model=lambda model: model | {"rating_min": 9}),
        "rating_min and rating_max are no scale",
    ),
    "NaN in the scale": (
        "model.json",
        lambda path: forge(path, model=lambda model: model | {"rating_min": float("nan")}),
        "rating_min and rating_max are no scale",
    ),
    "an unknown activation": (
        "model.json",
        lambda path: forge(path, model=lambda model: model | {"options": {"activation": "exec"}}),
        "activation is 'exec'",
    ),
    "another model's fingerprint": (
        "model.json",
        lambda path: forge(path, fingerprint=lambda fingerprint: "0" * 64),
        "fingerprint does not match",
    ),
    "JSON too deep": (
        "model.json",
        lambda path: (path / "model.json").write_text("[" * 100_000),
        "not JSON",
    ),
    "JSON too large": (
        "model.json",
        lambda path: (path / "model.json").write_text(" " * 2_000_000 + "{}"),
        "over 1048576 bytes",
    ),
    "JSON that is a list": (
        "model.json",
        lambda path: (path / "model.json").write_text("[]"),
        "not the model.json of a recsys model",
    ),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forgery_with_right_checksums_is_refused(model: Path, forgery: str) -> None:
    file, write, reason = FORGERIES[forgery]
    write(model)
    message = refusal(model)
    assert reason in message
    assert file in message if forgery != "no files" else "vocabulary.json" in message


def test_a_link_out_of_the_folder_is_not_followed(model: Path) -> None:
    outside = model.parent / "outside.npz"
    (model / "seen.npz").rename(outside)
    (model / "seen.npz").symlink_to(outside)
    assert refusal(model) == f"{model / 'seen.npz'}: a link instead of a file: run 'recsys train' again"


def test_a_huge_claim_allocates_nothing(model: Path) -> None:
    bomb("user_vectors.npz", zipfile.ZIP_STORED, (250_000_000, DIM))(model)
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from recsys_cli.model.folder import ModelFolder\n"
        "resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\n"
        "ModelFolder.open(Path(sys.argv[1])).user_vectors\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(model)], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1].startswith("recsys_cli.errors.ArtifactError: ")
