"""Starting, refusing to, and stopping."""

import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner
from serving import Reply, command, serving

from recsys_cli.cli import main


def refused(*options: str, token: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(main, ["serve", *options], env={"RECSYS_SERVE_TOKEN": token})
    assert result.stdout == ""
    return result.exit_code, result.stderr


def test_a_port_in_use_is_one_line(workspace: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert refused("--port", str(port), "--model", str(workspace / "recommender_system.inference.model")) == (
            1,
            f"Error: --host 127.0.0.1 --port {port}: Address already in use; choose another one, --port 0 takes "
            "any\n",
        )


def test_other_machines_need_a_token() -> None:
    for host in ("0.0.0.0", "::", "192.168.1.7", "example.org"):
        assert refused("--host", host) == (
            2,
            f"Error: --host {host}: other machines can reach it, which needs a token: set RECSYS_SERVE_TOKEN, or "
            "leave --host out to be reached from this machine alone\n",
        )
    code, error = refused("--host", "0.0.0.0", token="secret")
    assert code == 2
    assert error.startswith("Error: RECSYS_SERVE_TOKEN: is not allowed; allowed: 16 to 4096 letters")
    assert "secret" not in error


def test_a_host_that_is_none_and_a_port_that_is_none() -> None:
    code, error = refused("--host", "192.0.2.1", "--port", "0", token="0123456789abcdef")
    assert code == 1
    assert error.startswith(
        "Error: --host 192.0.2.1 --port 0: Cannot assign requested address; choose another one"
    )
    code, error = refused("--host", "no such host", token="0123456789abcdef")
    assert code == 1
    assert error.startswith("Error: --host no such host: is no host: ")
    assert refused("--port", "65536") == (2, "Error: --port 65536 is not allowed; allowed: 0 to 65535\n")


def test_a_missing_model_is_said_before_anything_is_served(tmp_path: Path) -> None:
    code, error = refused("--port", "0", "--model", str(tmp_path / "none"))
    assert code == 1
    assert error.startswith(f"Error: No model at '{tmp_path / 'none'}': run 'recsys train' first")


def test_without_the_extra_one_line_says_what_to_install() -> None:
    code = (
        "import sys\n"
        "sys.modules['uvicorn'] = None\n"
        "from recsys_cli.cli import main\n"
        "main(['serve'])\n"
    )  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "Error: uvicorn is missing: pip install 'recsys[serve]'\n")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_lets_requests_in_flight_end(workspace: Path, number: signal.Signals, code: int) -> None:
    replies: list[Reply] = []
    with serving(workspace) as server:
        asked = threading.Barrier(5)

        def ask() -> None:
            asked.wait()
            replies.append(server.post("/recommend", {"user": 17, "k": 1000, "explain": True, "diversity": 0.5}))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        asked.wait()
        while server.get("/health").status != 200:
            pass
        server.process.send_signal(number)
        _, error = server.process.communicate(timeout=30)
        for thread in threads:
            thread.join()
        assert server.process.returncode == code
        assert error == ("" if number == signal.SIGTERM else "Interrupted.\n")
    assert [reply.status for reply in replies] == [200] * 4
    assert {len(reply.json["movies"]) for reply in replies} == {len(replies[0].json["movies"])}


def test_help_and_command_line_agree(workspace: Path) -> None:
    assert "--port" in command(workspace)
    assert "the movies are searched in memory" in " ".join(
        CliRunner().invoke(main, ["serve", "--help"]).stdout.split()
    )
