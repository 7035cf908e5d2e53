"""How many requests a second ``recsys serve`` answers, and how long they take, by wrk.

    python scripts/bench_serve.py --folder FOLDER

FOLDER holds a model. Each kind of question is asked alone and then all of them mixed, over connections that stay
open; the service and wrk share the machine. Without wrk (``apt-get install wrk``) nothing is measured.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

QUESTIONS = {
    "a profile": [f"/recommend?age={age}&gender={gender}&job=4" for age in range(18, 60) for gender in "MF"],
    "a known person": [f"/recommend?user={user}" for user in range(1, 200)],
    "three favourites": [f"/recommend?like=id:{n}&like=id:{n + 1}&like=id:{n + 2}" for n in (1, 5, 21, 31, 34)],
    "a genre, explained": [f"/recommend?gender=F&genre={genre}&explain=true" for genre in ("Comedy", "War")],
    "movies like one": [f"/similar?similar=id:{n}" for n in (1, 2, 3, 5, 6, 7)],
    "a title": [f"/movies?q={text}" for text in ("the", "star", "love", "matr")],
}
_LUA = """
local paths = {%s}
local next_one = 0
request = function()
  next_one = next_one %% #paths + 1
  return wrk.format("GET", paths[next_one])
end
"""


def load(url: str, paths: list[str], *, connections: int, seconds: int) -> str:
    """What wrk says of asking these paths in turn."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_LUA % ", ".join(f'"{path}"' for path in paths))
        script.flush()
        flags = ["-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script.name]
        done = subprocess.run(["wrk", *flags, url], capture_output=True, text=True, check=True)
    return done.stdout


def row(name: str, told: str) -> str:
    """One line of the table."""
    rate = re.search(r"Requests/sec:\s+(\S+)", told)
    delays = {share: re.search(rf"\s{share}%\s+(\S+)", told) for share in (50, 99)}
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    broken = re.search(r"Socket errors: (.*)", told)
    shown = [found[1] if found else "?" for found in (rate, *delays.values())]
    errors = f"{refused[1]} refused" if refused else broken[1] if broken else "none"
    return f"{name:<22} {shown[0]:>10} {shown[1]:>10} {shown[2]:>10}   {errors}"


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description="Requests a second and latency of recsys serve.")
    parser.add_argument("--folder", type=Path, required=True, help="holds a model")
    parser.add_argument("--connections", type=int, default=8, help="that ask at once")
    parser.add_argument("--seconds", type=int, default=10, help="for each kind of question")
    parser.add_argument("options", nargs="*", help="for recsys serve, after --")
    arguments = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing: apt-get install wrk")
    command = [sys.executable, "-m", "recsys_cli", "serve", "--port", "0", *arguments.options]
    server = subprocess.Popen(command, cwd=arguments.folder, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr is not None
        found = None
        for line in server.stderr:
            if found := re.search(r"http://\S+/", line):
                break
            print(line, end="", file=sys.stderr)
        if found is None:
            sys.exit("recsys serve did not start")
        mixed = [path for paths in QUESTIONS.values() for path in paths]
        print(f"{'':<22} {'requests/s':>10} {'p50':>10} {'p99':>10}   errors")
        for name, paths in (*QUESTIONS.items(), ("all of them mixed", mixed)):
            told = load(found[0], paths, connections=arguments.connections, seconds=arguments.seconds)
            print(row(name, told), flush=True)
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
