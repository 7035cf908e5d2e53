"""What is set before paddle is loaded, and what comes of its loading being stopped."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from recsys_cli.towers.runtime import prepare_mkl

ROOT = Path(__file__).parents[2]
AMD = "vendor_id\t: AuthenticAMD\nflags\t\t: sse2 avx avx2\n\nvendor_id\t: AuthenticAMD\n"


@pytest.mark.parametrize(
    ("cpuinfo", "given", "expected"),
    [
        (AMD, None, "5"),
        (AMD, "4", "4"),
        (AMD.replace("AuthenticAMD", "GenuineIntel"), None, None),
        (AMD.replace(" avx2", ""), None, None),
        (None, None, None),
    ],
)
def test_where_it_helps(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    cpuinfo: str | None,
    given: str | None,
    expected: str | None,
) -> None:
    monkeypatch.setenv("MKL_DEBUG_CPU_TYPE", "0")  # restored after the test, whatever it does
    monkeypatch.delenv("MKL_DEBUG_CPU_TYPE")
    if given:
        monkeypatch.setenv("MKL_DEBUG_CPU_TYPE", given)
    if cpuinfo:
        (tmp_path / "cpuinfo").write_text(cpuinfo)
    assert prepare_mkl(tmp_path / "cpuinfo") == (expected != given)
    assert os.environ.get("MKL_DEBUG_CPU_TYPE") == expected


@pytest.mark.parametrize(("cause", "code"), [("KeyboardInterrupt", 130), ("OSError", 1)])
def test_a_stop_while_paddle_is_loaded_is_a_stop(tmp_path: Path, cause: str, code: int) -> None:
    # Python makes such an ImportError of whatever is raised while a library is loaded.
    (tmp_path / "paddle.py").write_text(f"raise ImportError('initialization failed') from {cause}()\n")
    done = subprocess.run(
        [sys.executable, "-m", "recsys_cli", "train", "--data", ROOT / "data" / "sample"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert ("Traceback" in done.stderr) == (cause != "KeyboardInterrupt")
