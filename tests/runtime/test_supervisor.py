"""Starting, restarting, stopping: with small programs in the place of the Suite's."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from suite.runtime.child import Command
from suite.runtime.folders import ROOT
from suite.runtime.log import Log
from suite.runtime.parts import Part, Stage
from suite.runtime.refusal import Refusal
from suite.runtime.supervisor import Supervisor

pytestmark = pytest.mark.slow  # processes of their own


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    log = Log(tmp_path)
    yield Supervisor(log=log, state_file=tmp_path / "state.json")
    log.close()


def part(name: str, program: str, *, stage: Stage = Stage.WORK, ready_file: Path | None = None, seconds: float = 10) -> Part:
    async def ready() -> bool:
        return ready_file is not None and os.path.exists(ready_file)  # noqa: ASYNC240, PTH110  a test's local file

    command = Command(
        name=name, argv=(sys.executable, "-c", program), environment=dict(os.environ), folder=ROOT, stop_seconds=2
    )
    return Part(command=command, stage=stage, ready=ready if ready_file else None, ready_seconds=seconds)


async def until(condition: Callable[[], bool], *, within: float = 10) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_a_dead_process_starts_again_and_the_log_says_so(supervisor: Supervisor, tmp_path: Path) -> None:
    lives = tmp_path / "lives"
    program = f"import os, time; open({str(lives)!r}, 'a').write(f'{{os.getpid()}}\\n'); time.sleep(60)"
    await supervisor.start([part("sleeper", program, ready_file=lives)])
    os.kill(int(lives.read_text()), signal.SIGKILL)
    await until(lambda: len(lives.read_text().splitlines()) == 2)
    await supervisor.stop()
    log = (tmp_path / "suite.jsonl").read_text()
    assert "The process «sleeper» ended (signal SIGKILL); it starts again in 0.25 s." in log


async def test_a_program_that_cannot_live_ends_the_start_with_a_sentence(supervisor: Supervisor, tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="ended 3 times as it started \\(exit code 7\\)"):
        await supervisor.start([part("weak", "raise SystemExit(7)", ready_file=tmp_path / "never")])
    await supervisor.stop()


async def test_a_program_that_never_answers_meets_its_deadline(supervisor: Supervisor, tmp_path: Path) -> None:
    mute = part("mute", "import time; time.sleep(60)", ready_file=tmp_path / "never", seconds=0.5)
    with pytest.raises(Refusal, match="«mute» did not answer within"):
        await supervisor.start([mute])
    await supervisor.stop()


async def test_stages_end_in_reverse_and_the_stubborn_are_killed(supervisor: Supervisor, tmp_path: Path) -> None:
    ends = tmp_path / "ends"
    ends.touch()
    program = (
        "import signal, sys, time\n"
        f"def end(*_):\n open({str(ends)!r}, 'a').write('NAME\\n'); sys.exit()\n"
        f"signal.signal(signal.SIGTERM, end); open({str(tmp_path)!r} + '/NAME', 'w'); time.sleep(60)"
    )
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"open({str(tmp_path / 'deaf')!r}, 'w'); time.sleep(60)"
    )
    for stage, name in ((Stage.ENGINES, "engine"), (Stage.PAGES, "page"), (Stage.WORK, "worker")):
        await supervisor.start([part(name, program.replace("NAME", name), stage=stage, ready_file=tmp_path / name)])
    await supervisor.start([part("deaf", deaf, ready_file=tmp_path / "deaf")])
    began = time.monotonic()
    await supervisor.stop()
    assert time.monotonic() - began < 6
    assert ends.read_text().split() == ["worker", "page", "engine"]
    assert "«deaf» did not end within 2 s and was killed" in (tmp_path / "suite.jsonl").read_text()


async def test_a_line_of_a_megabyte_costs_nothing_but_itself(supervisor: Supervisor, tmp_path: Path) -> None:
    done = tmp_path / "done"
    program = f"import time; print('x' * 1_000_000); print('after', flush=True); open({str(done)!r}, 'w'); time.sleep(60)"
    await supervisor.start([part("loud", program, ready_file=done)])
    await until(lambda: '"line": "after"' in (tmp_path / "suite.jsonl").read_text())
    await supervisor.stop()


def test_a_child_dies_with_its_supervisor(tmp_path: Path) -> None:
    program = (
        "import asyncio, os, sys\n"
        "from pathlib import Path\n"
        "from suite.runtime.child import Child, Command\n"
        "async def main():\n"
        " command = Command(name='c', argv=('sleep', '60'), environment={'PATH': '/usr/bin:/bin'}, folder=Path('/'))\n"
        " child = Child(command=command, on_line=print); await child.start()\n"
        " print(child.pid, flush=True); await child.wait()\n"
        "asyncio.run(main())"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    child.wait(5)
