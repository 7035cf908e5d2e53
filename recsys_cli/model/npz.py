"""Arrays from an ``.npz`` file that anybody may have made: nothing is unpickled, no size believed."""

import io
import math
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
_INTEGER = np.dtype(np.int64)


def read_npz(content: bytes, dimensions: Mapping[str, int]) -> dict[str, NDArray[Any]]:
    """Read the arrays of an ``.npz`` file.

    Args:
        content: of the file.
        dimensions: number of dimensions of each array by name; no array may be missing, none may be there besides.

    Returns: the arrays by name: int64, or finite float32 or float64.

    Raises: ValueError: says what is wrong with the file.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if sorted(member.filename for member in members) != sorted(f"{name}.npy" for name in dimensions):
                raise ValueError(f"the arrays must be {', '.join(dimensions)}")
            for member in members:
                _check_header(archive, member, dimensions[member.filename.removesuffix(".npy")])
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in dimensions}
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"not an .npz file: {error}") from error
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"{name} holds NaN or infinity")
    return arrays


def is_ascending(ids: NDArray[np.int64]) -> bool:
    """Whether each of (N,) ids is above the one before."""
    return bool((ids[1:] > ids[:-1]).all())


def _check_header(archive: zipfile.ZipFile, member: zipfile.ZipInfo, num_dimensions: int) -> None:
    """Compare the shape and type that an array claims with its bytes, so that no claim is ever allocated."""
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{member.filename} is compressed")
    with archive.open(member) as file:
        version = npy.read_magic(file)
        read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read_header(file)
        num_bytes = member.file_size - file.tell()
    if dtype not in _FLOATS and dtype != _INTEGER:
        raise ValueError(f"{member.filename} is of type {dtype}")
    if len(shape) != num_dimensions or math.prod(shape) * dtype.itemsize != num_bytes:
        raise ValueError(f"{member.filename} has the shape {shape}, which its size does not bear out")
