"""The MKL setting: only on AMD with AVX2, only where the person has not set it."""

import os
from pathlib import Path

import pytest

from recsys_cli.towers.runtime import prepare_mkl

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
