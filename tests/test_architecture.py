"""The layers of the package: imports point down only, and each heavy library has one home."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "recsys_cli"
LAYERS = ("cli", "steps", "dataset", "model", "store", "metrics", "baselines", "config", "errors")
MAY_IMPORT = {
    "cli": {"steps", "config", "errors"},
    "steps": {"dataset", "model", "store", "metrics", "baselines", "config", "errors"},
    "dataset": {"config", "errors"},
    "model": {"config", "errors"},
    "store": {"config", "errors"},
    "metrics": {"config", "errors"},
    "baselines": {"config", "errors"},
    "config": {"errors"},
    "errors": set(),
}
HOMES = {
    "click": {"cli"},
    "paddle": {"model"},
    "implicit": {"model", "baselines"},
    "pymilvus": {"store"},
    "milvus_lite": {"store"},
}


def _modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.stem in LAYERS)


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _layer(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down_and_stay_at_home(path: Path) -> None:
    layer = _layer(path)
    for name in _imports(path):
        root, _, rest = name.partition(".")
        if root == "recsys_cli":
            target = rest.split(".")[0]
            assert target == layer or target == "__version__" or target in MAY_IMPORT[layer], name
        assert layer in HOMES.get(root, {layer}), f"{name} belongs into {HOMES.get(root)}"


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_and_functions_stay_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 320
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, f"{node.name} is too long"


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from recsys_cli.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "print(sorted({'paddle', 'pymilvus', 'pandas', 'pyarrow', 'rich', 'numpy'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "recommend" in done.stdout
