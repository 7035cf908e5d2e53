"""Settings of the process that must stand before paddle is loaded. Imports it only after that."""

import atexit
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from recsys_cli.errors import ConfigError

_MKL = "MKL_DEBUG_CPU_TYPE"


def prepare_process(*, device: str = "auto") -> list[str]:
    """Make paddle fast on this machine and choose where it computes.

    Args:
        device: ``auto`` (a GPU where paddle has one), ``cpu`` or ``gpu``.

    Returns: what was set, one line each.

    Raises:
        ConfigError: ``gpu`` where paddle has none.
        KeyboardInterrupt: Ctrl-C, also where paddle makes another error of it.
    """
    lines = []
    # Paddle's C++ side warns on stderr about what it does itself; errors still show.
    os.environ.setdefault("GLOG_minloglevel", "2")
    if prepare_mkl():
        lines.append(f"{_MKL}=5: lets paddle's MKL use AVX2 on this AMD processor")
    with warnings.catch_warnings(), paddle_away_from_home():
        warnings.simplefilter("ignore")  # paddle warns about a compiler cache that nothing here needs
        try:
            import paddle
        except ImportError as error:
            if isinstance(error.__cause__, KeyboardInterrupt):  # Ctrl-C while its library was loaded
                raise KeyboardInterrupt from error
            raise
    has_gpu = paddle.device.is_compiled_with_cuda() and paddle.device.cuda.device_count() > 0
    if device == "gpu" and not has_gpu:
        raise ConfigError("--device gpu: paddle sees no GPU; install paddlepaddle-gpu, or use --device cpu")
    chosen = "gpu" if has_gpu and device != "cpu" else "cpu"
    paddle.set_device(chosen)
    lines.append(f"paddle {paddle.__version__} on {chosen}")
    if chosen == "cpu" and "OMP_NUM_THREADS" not in _GIVEN:
        # Paddle takes one thread unless OMP_NUM_THREADS says otherwise, and warns where it does.
        threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        paddle.base.core.set_num_threads(threads)
        lines.append(f"{threads} threads")
    return lines


@contextmanager
def paddle_away_from_home(home: Path | None = None) -> Iterator[None]:
    """Within the block paddle finds another folder where it would write into ``~/.cache/paddle``.

    It makes folders there when it is imported, and files when programs are saved; where these do not fit, it goes
    on and fails later without the reason.

    Args:
        home: the folder; by default a temporary one, which goes at the end.
    """
    before = os.environ.get("HOME")
    os.environ["HOME"] = str(home) if home is not None else _temporary_home()
    try:
        yield
    finally:
        if before is None:
            del os.environ["HOME"]
        else:
            os.environ["HOME"] = before


@cache
def _temporary_home() -> str:
    folder = tempfile.mkdtemp(prefix="recsys-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def prepare_mkl(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Let the bundled MKL 2019 use AVX2 on AMD processors, where it would take its slow path.

    Does nothing where the person has set the variable, or the processor is not an AMD with AVX2.

    Args:
        cpuinfo: Linux's description of the processors.

    Returns: whether the variable was set; it counts only where paddle is not yet imported.
    """
    if _MKL in os.environ or not cpuinfo.exists():
        return False
    processor = cpuinfo.read_text().split("\n\n")[0]
    if "AuthenticAMD" not in processor or "avx2" not in processor.split():
        return False
    os.environ[_MKL] = "5"
    return True


_GIVEN = frozenset(os.environ)  # before paddle adds to it
