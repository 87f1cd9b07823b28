"""Who holds a port: said by lessons and by `workshop serve`, and never of a process that has ended."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from practice_help import clean_environ, end_any, line_of, process
from running_lab import free_port

from workshop.core.ports import Notes

LESSON = """
import sys
from workshop import background
from workshop.lesson import begin
from workshop.servers import unprotected
begin(sys.argv[1])
server = background.start(unprotected.build, port=int(sys.argv[2]), name=sys.argv[3])
print(f"{server.port} {server}", flush=True)
for line in sys.stdin:
    exec(line)
"""


@pytest.fixture
def environ(tmp_path: Path) -> Iterator[dict[str, str]]:
    state = tmp_path / "state"
    yield clean_environ(state, WORKSHOP_PROJECT=str(tmp_path))
    end_any(state)


def started(lesson: subprocess.Popen[str]) -> str:
    """Return what a lesson's server says of itself, behind its port."""
    while not (line := line_of(lesson))[:1].isdigit():
        pass
    return line


def serve(environ: dict[str, str], port: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "workshop", "serve", "unprotected", "--port", str(port)]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)


def test_lessons_and_workshop_serve_name_the_lesson_that_holds_the_port(environ: dict[str, str]) -> None:
    port = free_port()
    with process(LESSON, "00", str(port), "whoami", environ=environ) as older:
        assert started(older) == f"{port} whoami: running at http://localhost:{port}/mcp"
        with process(LESSON, "02", str(port), "expenses", environ=environ) as newer:
            got, words = started(newer).split(" ", 1)
        held = f"port {port} is held by the server whoami of lesson 00, whose notebook still runs"
        assert words == f"expenses: running at http://localhost:{got}/mcp ({held})"
        refused = serve(environ, port)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr.startswith(f"workshop: {held.capitalize()}. Take another: `workshop serve unprotected ")
        assert '`background.stop("whoami")` in that notebook, or choose Kernel > Shut Down Kernel' in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
        older.kill()
    with socket.create_server(("127.0.0.1", port)):
        assert "is held by another program." in serve(environ, port).stderr, "a note of a process that has ended counts"


def test_a_note_is_gone_with_its_server(environ: dict[str, str]) -> None:
    port = free_port()
    with process(LESSON, "00", str(port), "whoami", environ=environ) as lesson:
        started(lesson)
        note = Path(environ["WORKSHOP_STATE"]) / "servers" / f"{port}.json"
        assert json.loads(note.read_text())["lesson"] == "00"
        assert lesson.stdin
        print("background.stop('whoami'); print('0 stopped', flush=True)", file=lesson.stdin, flush=True)
        assert started(lesson) == "0 stopped"
        assert not note.exists()


def test_a_note_is_for_its_owner_only_and_taken_away_by_its_process_only(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "state", "02")
    notes.keep(8000, "expenses")
    note = tmp_path / "state" / "servers" / "8000.json"
    if os.name == "posix":
        assert [stat.S_IMODE(path.stat().st_mode) for path in (note.parent, note)] == [0o700, 0o600]
    assert str(notes.holder(8000)) == "the server expenses of lesson 02, whose notebook still runs"
    assert notes.holder(8001) is None
    noted = json.loads(note.read_text())
    note.write_text(json.dumps(noted | {"pid": os.getppid(), "started": noted["started"] - 3600}))
    notes.drop(8000)
    assert note.exists()
    assert notes.holder(8000) is None, "the process of this id was started at another time"


@pytest.mark.parametrize("said", ["", "half {", "[]", '{"server": "x", "lesson": "02", "pid": -1, "started": 0}'])
def test_a_note_that_says_nothing_names_nobody(tmp_path: Path, said: str) -> None:
    notes = Notes(tmp_path)
    (tmp_path / "servers").mkdir()
    (tmp_path / "servers" / "8000.json").write_text(said)
    assert notes.holder(8000) is None
    notes.drop(8000)


def test_where_no_note_can_be_kept_the_server_runs_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file is in the way")
    Notes(tmp_path / "state").keep(8000, "expenses")
    assert Notes(tmp_path / "state").holder(8000) is None
