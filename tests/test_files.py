"""How files are written: complete or not there."""

import errno
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradcalc import files
from gradcalc.errors import FileError
from gradcalc.files import check_writable, complete_file


def test_what_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_text("old")
    with pytest.raises(FileError, match="cannot write .*No space left"), complete_file(path) as name:
        name.write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(KeyboardInterrupt), complete_file(path) as name:
        name.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["old.csv"]


def test_an_old_file_that_cannot_be_replaced_stays_and_no_part_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "plot.png"
    with pytest.raises(FileError, match=r"cannot write .*plot\.png: Is a directory"), complete_file(path) as name:
        name.write_text("new")
        (path / "in the way").mkdir(parents=True)
    assert os.listdir(tmp_path) == ["plot.png"]
    old = tmp_path / "old.png"
    old.write_text("old")

    def refused(self: Path, target: Path) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(Path, "replace", refused)
    with pytest.raises(FileError, match=r"old\.png: Operation not permitted"), complete_file(old) as name:
        name.write_text("new")
    assert old.read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["old.png", "plot.png"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root writes everywhere")
def test_a_directory_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with pytest.raises(FileError, match="no permission"), complete_file(tmp_path / "plot.png"):
        pass
    tmp_path.chmod(0o755)
    assert not os.listdir(tmp_path)


def test_the_file_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    with complete_file(path) as name:
        name.write_text("all")
        assert not path.exists()
        assert name.parent == tmp_path
    assert path.read_text() == "all"


@pytest.mark.skipif(os.name == "nt", reason="permissions and links of POSIX")
def test_a_replaced_file_keeps_its_permissions_and_its_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    with complete_file(link) as name:
        name.write_text("new")
    assert link.is_symlink()
    assert real.read_text() == "new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_what_cannot_be_written_is_known_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileError, match="it is a directory"):
        check_writable(tmp_path)
    with pytest.raises(FileError, match="there is no directory"):
        check_writable(tmp_path / "no" / "trace.csv")
    with pytest.raises(FileError, match="cannot write"):
        check_writable(Path("trace\0.csv"))
    monkeypatch.setattr(files.os, "access", lambda path, mode: False)
    with pytest.raises(FileError, match="no permission"):
        check_writable(tmp_path / "trace.csv")


def test_the_file_that_holds_the_answer_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "answer.txt"
    path.write_text("")
    monkeypatch.setattr(files, "_streams", lambda: iter([path.stat()]))
    with pytest.raises(FileError, match="the answer itself goes there"):
        check_writable(path)


def test_a_link_to_itself_is_named_before_work_is_done(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(FileError, match="cannot write .*loop"):
        check_writable(tmp_path / "loop")


@pytest.fixture
def child() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that end with the test."""
    made: list[subprocess.Popen[str]] = []
    yield made
    for process in made:
        process.kill()
        process.communicate()


def start(code: str, child: list[subprocess.Popen[str]], cwd: Path) -> subprocess.Popen[str]:
    """Run Python until it says that it is ready."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    child.append(
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=cwd, env=environment)
    )
    assert child[-1].stdout is not None
    assert child[-1].stdout.readline() == "ready\n"
    return child[-1]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_process_that_is_ended_leaves_no_half_file(
    name: str, child: list[subprocess.Popen[str]], tmp_path: Path
) -> None:
    code = (
        "import signal, time; from pathlib import Path; from gradcalc.files import complete_file\n"
        "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"  # whoever runs the tests may ignore it
        "with complete_file(Path('t.csv')) as file:\n"
        "    file.write_text('half')\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(60)\n"
    )
    process = start(code, child, tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    process.send_signal(getattr(signal, name))
    assert process.wait(30) != 0
    assert list(tmp_path.iterdir()) == []


def test_writing_a_file_leaves_the_handlers_of_signals_as_they_were(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with complete_file(tmp_path / "t.csv") as file:
        file.write_text("whole")
    assert signal.getsignal(signal.SIGTERM) == before
