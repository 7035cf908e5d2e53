"""The rooms of the package: imports follow the arrows, each library has one home, nothing goes in a circle."""

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "recsys_cli"
OPEN_TO_ALL = {"config", "errors", "progress", "replacing", "documents"}
# What a room may import besides those.
ARROWS = {
    "cli": {
        "dataset",
        "doctor",
        "evaluation",
        "index",
        "recommend",
        "report",
        "serve",
        "training",
    },
    # Its page has the look of the report's.
    "serve": {"recommend", "report", "index", "model", "dataset"},
    "doctor": {"index", "store", "model"},
    # The lists of "Try it" are those of `recsys recommend`: asked of it, of the movies of an index.
    "report": {"evaluation", "recommend", "index", "model", "dataset"},
    "recommend": {"index", "store", "model", "dataset"},
    "evaluation": {"training", "towers", "model", "solvers", "dataset", "metrics"},
    "training": {"processes", "towers", "solvers", "model", "dataset", "metrics"},
    "processes": set(),
    "index": {"store", "towers", "model", "dataset"},
    "towers": {"model"},
    "model": {"dataset"},
    "dataset": set(),
    "solvers": set(),
    "store": set(),
    "metrics": set(),
    "progress": set(),
    "replacing": set(),
    "documents": set(),
    "config": set(),
    "errors": set(),
}
HOMES = {
    "click": {"cli"},
    "rich": {"cli"},
    "fastapi": {"serve"},
    "fastapi_offline": {"serve"},
    "starlette": {"serve"},
    "uvicorn": {"serve"},
    "matplotlib": {"report"},
    "sklearn": {"report"},
    "paddle": {"towers", "training", "processes"},
    "implicit": {"solvers"},
    "pymilvus": {"store"},
    "milvus_lite": {"store"},
}
TOP_LEVEL = {"pyproject.toml", "README.md", "constraints.txt", "recsys_cli", "data", "tests", "scripts"}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.stem in ARROWS)


def _imports(path: Path) -> Iterator[str]:
    """Dotted names of everything that a file imports, those within functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _file_of(name: str) -> Path | None:
    """The file of the package that a dotted name is in, None where it is none of its own."""
    parts = name.split(".")[1:]
    while parts:
        for path in (PACKAGE.joinpath(*parts).with_suffix(".py"), PACKAGE.joinpath(*parts, "__init__.py")):
            if path.is_file():
                return path
        parts.pop()
    return None


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_follow_the_arrows_and_stay_at_home(path: Path) -> None:
    room = _room(path)
    for name in _imports(path):
        root, _, rest = name.partition(".")
        if root == "recsys_cli":
            target = rest.split(".")[0]
            assert target in {room, "__version__"} | ARROWS[room] | OPEN_TO_ALL, f"{room} -> {name}"
        assert room in HOMES.get(root, {room}), f"{name} belongs into {HOMES.get(root)}"


def test_every_room_has_its_arrows() -> None:
    rooms = {
        path.stem for path in PACKAGE.iterdir() if path.name not in ("__init__.py", "__main__.py", "__pycache__")
    }
    assert rooms == set(ARROWS)


def test_no_files_import_each_other_in_a_circle() -> None:
    arrows: dict[Path, set[Path]] = defaultdict(set)
    for path in PACKAGE.rglob("*.py"):
        if path.parent == PACKAGE and path.name == "__init__.py":
            continue  # the way in from Python, imported by everybody for the version
        arrows[path] = {
            file
            for name in _imports(path)
            if name.startswith("recsys_cli.") and (file := _file_of(name)) is not None and file != path
        }
    done: set[Path] = set()

    def visit(path: Path, way: tuple[Path, ...]) -> None:
        if path in way:
            circle = [str(file.relative_to(PACKAGE)) for file in (*way[way.index(path) :], path)]
            pytest.fail(f"a circle: {' -> '.join(circle)}")
        if path not in done:
            for target in sorted(arrows[path]):
                visit(target, (*way, path))
            done.add(path)

    for path in sorted(arrows):
        visit(path, ())


def test_a_file_name_means_one_thing() -> None:
    rooms = defaultdict(set)
    for path in MODULES:
        if path.name != "__init__.py" and _room(path) != "cli":
            rooms[path.stem].add(_room(path))
    assert {name: found for name, found in rooms.items() if len(found) > 1} == {}
    # A file of cli shares its name with the room or the file that the command runs, or has one of its own.
    shared = {path.stem for path in (PACKAGE / "cli").glob("*.py") if path.stem in rooms}
    assert shared <= {"check", "compare", "doctor", "evaluate", "preprocess", "train"}


def test_the_tests_mirror_the_package() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders <= rooms


def test_the_top_level_is_what_it_is_to_be() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.splitlines()
    if not listed:
        pytest.skip("not a git checkout")
    assert {name for line in listed if not (name := line.split("/")[0]).startswith(".")} == TOP_LEVEL


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_and_functions_stay_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 320
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, f"{node.name} is too long"


@pytest.mark.parametrize(
    "room", sorted(path.parent for path in PACKAGE.glob("*/__init__.py")), ids=lambda path: path.name
)
def test_a_room_says_what_it_is_for_and_stays_small(room: Path) -> None:
    doc = ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8")))
    assert doc is not None
    assert len(doc.splitlines()[0]) <= 115
    assert len(list(room.glob("*.py"))) <= 21


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from recsys_cli.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "print(sorted({'paddle', 'pymilvus', 'pandas', 'pyarrow', 'rich', 'numpy', "
        "'matplotlib', 'sklearn', 'fastapi', 'uvicorn'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "recommend" in done.stdout
