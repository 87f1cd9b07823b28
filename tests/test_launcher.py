"""`workshop start`: JupyterLab comes up as meant, and whatever happens to it leaves nothing behind."""

from __future__ import annotations

import ctypes
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from held_websockets import Held, answers_over, hold, is_let_go
from hub import Hub, make_hub
from practice_help import clean_environ, posix_only, until
from running_lab import CELL, NOTEBOOK, SECONDS, Kernel, Lab, Traces, free_port, json_of, make_project, running_lab
from websockets.sync.client import connect

from workshop.commands.jupyter_settings import files

HELD_SECONDS = 100

SERVE = """
import json
from fastmcp import FastMCP
from workshop import background, practice
from workshop.core import settings
practice.enter(settings.load())
server = background.start(lambda base_url: FastMCP("test"), port={port})
print(json.dumps(server.base_url))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "project")


@pytest.fixture
def lab(project: Path) -> Iterator[Lab]:
    with running_lab(project) as running:
        yield running


@pytest.fixture(scope="module")
def shared_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    project = make_project(tmp_path_factory.mktemp("shared") / "project")
    with running_lab(project) as running:
        yield running


@pytest.fixture
def as_on_a_desktop() -> Iterator[None]:
    """Become the parent of processes that lose theirs, as the service manager of a Linux desktop does."""
    if sys.platform != "linux":
        yield
        return
    set_child_subreaper = 36
    libc = ctypes.CDLL(None)
    libc.prctl(set_child_subreaper, 1, 0, 0, 0)
    yield
    libc.prctl(set_child_subreaper, 0, 0, 0, 0)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    return make_hub(tmp_path_factory.mktemp("hub"))


@pytest.fixture(scope="module")
def held(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    """Open websockets and hold them while other tests run: the last test of this file looks at them again."""
    project = make_project(tmp_path_factory.mktemp("held") / "project")
    with running_lab(project) as learners, hub.jupyterlab() as hubs, hold(learners, hubs, HELD_SECONDS - 5) as held:
        yield held


def serve(kernel: Kernel) -> str:
    """Run a server in the kernel, as a lesson does, and return its address."""
    return str(json_of(kernel.run(SERVE.format(port=free_port()))))


def news_and_toasts_are_off(lab: Lab) -> None:
    plugin = "@jupyterlab/apputils-extension:notification"
    chosen = lab.call("GET", f"/lab/api/settings/{plugin}")["schema"]["properties"]
    assert chosen["fetchNews"]["default"] == "false"
    assert chosen["checkForUpdates"]["default"] is False
    assert chosen["doNotDisturbMode"]["default"] is True


def answers(url: str) -> bool:
    program = "import sys, http.client as h; c = h.HTTPConnection(sys.argv[1]); c.request('GET', '/'); c.getresponse()"
    address = url.removeprefix("http://")
    return subprocess.run([sys.executable, "-c", program, address], check=False).returncode == 0


@posix_only
@pytest.mark.thorough
def test_on_a_hub_all_that_keeps_jupyterlab_calm_is_set_beside_what_was_set_there(held: Held, hub: Hub) -> None:
    told = json.loads(hub.run("python", "-m", "jupyterlab", "--show-config-json"))
    for section, settings in json.loads(json.dumps(files()["jupyter_server_config.json"])).items():
        assert told[section] | settings == told[section]
    assert told["ServerApp"]["max_body_size"] == 1234567
    news_and_toasts_are_off(held.hubs)


class TestItComesUp:
    def test_the_machine_is_checked_and_the_notebooks_are_copied(self, shared_lab: Lab) -> None:
        check, copied, tenant, empty, running, again_empty, address = shared_lab.printed
        assert check == "Machine check: 9 of 9 fit"
        assert copied == "1 file copied into my-work/"
        assert tenant.startswith("The practice tenant is running")
        assert running == "JupyterLab is running; Ctrl-C ends it. Open"
        assert (empty, again_empty, address) == ("", "", f"    {shared_lab.url}")
        assert (shared_lab.project / "my-work" / "00-start-here.ipynb").exists()

    def test_it_opens_the_first_lesson_with_the_project_as_its_root(self, shared_lab: Lab) -> None:
        assert "/lab/tree/my-work/00-start-here.ipynb?token=" in shared_lab.url
        names = {entry["name"] for entry in shared_lab.call("GET", "/api/contents/")["content"]}
        assert {"my-work", "notebooks", "start.py"} <= names

    def test_without_the_token_nobody_gets_in(self, shared_lab: Lab) -> None:
        program = (
            "import sys, urllib.request as u, urllib.error as e\n"
            "u.install_opener(u.build_opener(u.ProxyHandler({})))\n"
            "try: u.urlopen(sys.argv[1])\n"
            "except e.HTTPError as error: sys.exit(error.code - 400)"
        )
        address = shared_lab.url.split("/lab")[0] + "/api/contents"
        assert subprocess.run([sys.executable, "-c", program, address], check=False).returncode == 3

    def test_news_and_toasts_are_off(self, shared_lab: Lab) -> None:
        news_and_toasts_are_off(shared_lab)

    def test_kernels_are_the_workshops_own_python_and_no_other_is_offered(self, shared_lab: Lab) -> None:
        assert list(shared_lab.call("GET", "/api/kernelspecs")["kernelspecs"]) == ["python3"]
        kernel = shared_lab.start_kernel()
        told = kernel.run("import sys, os; print(sys.prefix); print(os.environ['WORKSHOP_PROJECT'])")
        assert told.strip() == f"{sys.prefix}\n{shared_lab.project}"
        shared_lab.call("DELETE", f"/api/kernels/{kernel.id}")


def test_a_persons_own_jupyter_is_neither_read_nor_changed(project: Path) -> None:
    home = project / "home"
    own = home / ".jupyter" / "jupyter_server_config.py"
    own.parent.mkdir(parents=True)
    own.write_text("raise SystemExit('read the config of a person')")
    before = sorted(home.rglob("*"))
    with running_lab(project, HOME=str(home), JUPYTER_CONFIG_DIR=str(own.parent)) as lab:
        lab.start_kernel().run("print(1)")
    written = [path for path in home.rglob("*") if path not in before]
    assert written == []


def test_the_port_can_be_chosen(project: Path) -> None:
    port = free_port()
    with running_lab(project, "--port", str(port)) as lab:
        assert lab.url.startswith(f"http://127.0.0.1:{port}/lab/")
        assert lab.call("GET", "/api")["version"]


def test_a_taken_port_is_named_in_one_line(shared_lab: Lab, project: Path) -> None:
    port = shared_lab.url.split(":")[2].split("/")[0]
    run = subprocess.run(
        [sys.executable, "-m", "workshop", "start", "--no-browser", "--port", port],
        env=clean_environ(project / "state", WORKSHOP_PROJECT=str(project)),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 1
    assert run.stderr.startswith(f"workshop: port {port} of 127.0.0.1 can't be used")
    assert len(run.stderr.splitlines()) == 1


def traces_with_a_server(lab: Lab) -> Traces:
    return lab.traces(serve(lab.start_kernel()))


@pytest.mark.thorough
class TestNothingIsLeft:
    @posix_only
    def test_after_sigkill(self, lab: Lab) -> None:
        traces = traces_with_a_server(lab)
        lab.process.kill()
        traces.are_gone()

    @posix_only
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_after_an_interrupt_or_a_polite_end(self, lab: Lab, number: signal.Signals) -> None:
        traces = traces_with_a_server(lab)
        lab.process.send_signal(number)
        output, _ = lab.process.communicate(timeout=60)
        assert lab.process.returncode == 0
        assert "Traceback" not in output
        assert "JupyterLab has ended." in output
        traces.are_gone()

    @posix_only
    def test_after_the_terminal_is_closed(self, lab: Lab) -> None:
        traces = traces_with_a_server(lab)
        lab.process.send_signal(signal.SIGHUP)
        traces.are_gone()

    def test_after_shut_down_in_the_menu(self, lab: Lab) -> None:
        traces = traces_with_a_server(lab)
        lab.call("POST", "/api/shutdown")
        assert lab.process.wait(timeout=60) == 0
        traces.are_gone()

    @posix_only
    @pytest.mark.usefixtures("as_on_a_desktop")
    def test_after_sigkill_while_a_kernel_starts(self, lab: Lab) -> None:
        lab.start_kernel()  # answered before the kernel is ready
        traces = lab.traces()
        lab.process.kill()
        traces.are_gone()

    @posix_only
    def test_after_sigkill_with_a_terminal_open(self, lab: Lab) -> None:
        lab.call("POST", "/api/terminals")
        traces = lab.traces()
        lab.process.kill()
        traces.are_gone()


HAND_OVER = """
import runpy, sys
sys.platform = "win32"
start = runpy.run_path("start.py")
sys.platform = "linux"
sys.exit(start["hand_over"]([sys.executable, "-m", "workshop", *sys.argv[1:]]))
"""


@posix_only
def test_where_start_has_a_child_it_ends_with_it(project: Path) -> None:
    with running_lab(project, program=(sys.executable, "-c", HAND_OVER)) as lab:
        traces = traces_with_a_server(lab)
        lab.process.kill()
        traces.are_gone()


class TestAKernel:
    @pytest.fixture
    def kernel(self, shared_lab: Lab) -> Iterator[Kernel]:
        kernel = shared_lab.start_kernel()
        yield kernel
        known = [one["id"] for one in shared_lab.call("GET", "/api/kernels")]
        if kernel.id in known:
            shared_lab.call("DELETE", f"/api/kernels/{kernel.id}")

    def test_an_interrupt_leaves_its_server_running(self, shared_lab: Lab, kernel: Kernel) -> None:
        server = serve(kernel)
        process = kernel.process()
        with kernel.client() as client:
            client.execute("import time\ntry:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    stopped = True")
            state = f"/api/kernels/{kernel.id}"
            until(lambda: shared_lab.call("GET", state)["execution_state"] == "busy", "the cell runs")
            shared_lab.call("POST", f"{state}/interrupt")
        assert kernel.run("print(stopped)").strip() == "True"
        assert kernel.process() == process
        assert answers(server)

    def test_a_restart_takes_process_and_server_along(self, shared_lab: Lab, kernel: Kernel) -> None:
        traces = Traces((kernel.process(),), (serve(kernel),))
        shared_lab.call("POST", f"/api/kernels/{kernel.id}/restart")
        traces.are_gone()
        assert kernel.run("print('again')").strip() == "again"

    def test_shutting_it_down_takes_process_and_server_along(self, shared_lab: Lab, kernel: Kernel) -> None:
        traces = Traces((kernel.process(),), (serve(kernel),))
        shared_lab.call("DELETE", f"/api/kernels/{kernel.id}")
        traces.are_gone()

    def test_sigkill_takes_its_server_along_and_jupyter_starts_it_again(self, kernel: Kernel) -> None:
        process = kernel.process()
        traces = Traces((process,), (serve(kernel),))
        process.kill()
        traces.are_gone()
        assert kernel.process().pid != process.pid


def test_working_with_a_lesson_prints_no_warning(project: Path) -> None:
    with running_lab(project) as lab:
        name = "my-work/00-start-here.ipynb"
        model = lab.call("GET", f"/api/contents/{name}?content=1")
        lab.call("PUT", f"/api/contents/{name}", {"type": "notebook", "content": model["content"]})
        kernel = lab.start_kernel()
        assert kernel.run("print(6 * 7)").strip() == "42"
        parts = urlsplit(lab.url)
        with connect(f"ws://{parts.netloc}/api/kernels/{kernel.id}/channels?{parts.query}&session_id=test"):
            pass
        lab.call("DELETE", f"/api/kernels/{kernel.id}")
        lab.process.terminate()
        assert lab.process.stdout
        printed = lab.process.stdout.read()
    assert "JupyterLab has ended." in printed
    assert [line for line in printed.splitlines() if "WARNING" in line or " W " in line or "[W" in line] == []


@posix_only
@pytest.mark.thorough
def test_for_100_seconds_no_websocket_is_closed_and_nothing_is_printed(held: Held, hub: Hub) -> None:
    held.wait(HELD_SECONDS)
    assert held.working.reply()["status"] == "ok"
    assert answers_over(held.quiet)
    assert answers_over(held.quiet_on_hub)
    until(lambda: is_let_go(held.deaf_on_hub), "the end of a browser that answers no ping", SECONDS)
    held.learners.process.terminate()
    assert held.learners.process.stdout
    printed = held.learners.process.stdout.read().split("\n")
    assert [line for line in printed if line and "received signal 15" not in line] == ["JupyterLab has ended."]
    assert "WARNING" not in hub.log.read_text()


def test_a_changed_notebook_from_elsewhere_is_not_trusted(project: Path) -> None:
    with running_lab(project) as lab:
        output = {"output_type": "display_data", "data": {"text/html": "<script>x</script>"}, "metadata": {}}
        foreign = {**NOTEBOOK, "cells": [{**CELL, "outputs": [output], "execution_count": 1}]}
        (project / "my-work" / "foreign.ipynb").write_text(json.dumps(foreign), "utf-8")
        own, other = (
            lab.call("GET", f"/api/contents/my-work/{name}.ipynb?content=1")["content"]["cells"][0]
            for name in ("00-start-here", "foreign")
        )
    assert own["metadata"]["trusted"]
    assert not other["metadata"]["trusted"]
