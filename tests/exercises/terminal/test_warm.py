"""The warm helper: the same results as without it, the caller's surroundings, and every way in which it can be lost."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rnnbook.exercises.terminal import helper, process, warm

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the helper is for Linux")
RIGHT = """import torch
def rnn_cell(x, h, W_ih, W_hh, b_ih, b_hh):
    return torch.tanh(x @ W_ih.T + b_ih + h @ W_hh.T + b_hh)
"""
WRONG = RIGHT.replace("torch.tanh", "").replace("return", "print('hello'); return")
# The helper of the tests looks often whether it is of use, and imports nothing in advance.
QUICK = (
    "import sys; sys.path.append(sys.argv[1]); from rnnbook.exercises.terminal import helper; "
    "helper._LOOK = 0.05; helper._chores = lambda: iter(()); helper.main(*sys.argv[2:])"
)
HANG = 60  # seconds: a guard, not a measure


@pytest.fixture(scope="module")
def helpers(tmp_path_factory):
    """A folder for sockets, and the helpers that were started there."""
    started = {}
    original = warm._start_helper

    def start(path):
        started[path] = original(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run", numbered=True)))
        os.chmod(os.environ["XDG_RUNTIME_DIR"], 0o700)
        patch.delenv("RNNBOOK_NO_HELPER", raising=False)
        patch.delenv("CI", raising=False)
        patch.setattr(warm, "_HELPER", QUICK)
        patch.setattr(warm, "_start_helper", start)
        yield started
    for one in started.values():
        one.kill()
        one.wait()


def current(helpers) -> subprocess.Popen:
    """The helper of this moment's settings."""
    return helpers[warm.folder() / f"{warm.key()}.sock"]


@pytest.fixture
def cold(monkeypatch):
    """Counts children that are started the ordinary way, and starts none."""
    started = []

    def start(arguments, words):
        started.append(arguments)
        raise RuntimeError("cold")

    monkeypatch.setattr(process, "_start", start)
    return started


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def save(code: str) -> Path:
    path = Path("mine.py")
    path.write_text(code)
    return path


def messages(checked) -> str:
    return "\n".join(test.message for report in checked.reports for test in report.tests)


def test_same_results_as_without_it(helpers, monkeypatch):
    file = save(f"{WRONG}\ndef softmax(logits, temperature):\n    import os; os._exit(3)\nundefined = 1 / 0\n")
    ids = ["rnn-cell", "softmax-temperature"]
    warmly = process.check_file(file, ids)
    assert len(helpers) == 1
    monkeypatch.setenv("RNNBOOK_NO_HELPER", "1")
    assert warmly == process.check_file(file, ids)
    assert len(helpers) == 1
    assert "left out the tanh" in messages(warmly)
    assert "ended with exit code 3" in messages(warmly)


def test_one_helper_serves_many_checks(helpers, cold):
    assert process.check_file(save(RIGHT), ["rnn-cell"]).reports[0].passed
    assert not process.check_file(save(WRONG), ["rnn-cell"]).reports[0].passed
    assert len(helpers) == 1
    assert cold == []


def test_surroundings_are_the_callers(helpers, cold, monkeypatch, tmp_path):
    monkeypatch.setenv("AN_OLD_SETTING", "of the helper's")
    process.check_file(save(RIGHT), ["rnn-cell"])  # from now on there is a helper, with surroundings of its own
    monkeypatch.delenv("AN_OLD_SETTING")
    monkeypatch.setenv("SOME_SETTING", "of the caller's")
    (tmp_path / "deeper").mkdir()
    monkeypatch.chdir(tmp_path / "deeper")
    file = save(
        "import os\n"
        "def rnn_cell(*_):\n"
        "    old, new = map(os.environ.get, ('AN_OLD_SETTING', 'SOME_SETTING'))\n"
        "    raise RuntimeError(f'{os.getcwd()} {os.umask(0):o} {old} {new} {os.read(0, 1)} {os.getpgid(0)}')"
    )
    before = os.umask(0o031)
    try:
        told = messages(process.check_file(file, ["rnn-cell"]))
    finally:
        os.umask(before)
    assert f"{tmp_path}/deeper 31 None of the caller's b'' " in told
    assert f" {os.getpgid(0)}\n" not in told  # Ctrl-C of the terminal is for the caller, which stops the check


def test_threads_of_torch_as_without_it(helpers, cold, monkeypatch):
    """A product large enough for several threads, in a process that was forked, neither hangs nor has only one."""
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    file = save(
        "import torch\n"
        "def rnn_cell(*_, product=torch.ones(400, 400) @ torch.ones(400, 400), threads=torch.get_num_threads()):\n"
        "    raise RuntimeError(f'{product.sum():.0f} by {threads}')"
    )
    assert "64000000 by 2" in messages(process.check_file(file, ["rnn-cell"]))


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("os.kill(os.getpid(), 9)", "ended with exit code -9"),
        ("os.write(2, b'last words'); os._exit(1)", "Its last words: last words"),
        ("sum(range(10**13))", "had to be stopped from outside"),
    ],
)
def test_code_that_takes_its_process_along(body, says, helpers, cold):
    told = messages(process.check_file(save(f"import os\ndef rnn_cell(*_):\n    {body}"), ["rnn-cell"], limit=0.3))
    assert says in told
    assert "Not run: the process had been stopped." in told
    assert cold == []


def test_a_helper_killed_half_way_is_replaced_by_the_ordinary_way(helpers, cold):
    file = save("import os\ndef rnn_cell(*_):\n    os.kill(os.getppid(), 9)\n    while True: pass")
    with pytest.raises(RuntimeError, match="cold"):
        process.check_file(file, ["rnn-cell"])
    assert [arguments[0] for arguments in cold] == ["mine.py"]


def test_ctrl_c_ends_the_check_and_what_it_has_started(helpers, cold):
    """The check tells its process and that of its child by a pipe with a name, whose end says that both have gone."""
    os.mkfifo("pipe")
    code = "import subprocess\ndef rnn_cell(*_):\n    p = open('pipe', 'w')\n    p.write('x'); p.flush()\n"
    file = save(code + "    subprocess.run(['sleep', '1000'], pass_fds=[p.fileno()])")
    interrupted = threading.Event()
    told = []

    def press():
        with open("pipe") as pipe:
            told.append(pipe.read(1))
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            told.append(pipe.read())  # ends when the last one that has it open has gone
        interrupted.set()

    threading.Thread(target=press, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        process.check_file(file, ["rnn-cell"], limit=HANG)
    assert interrupted.wait(HANG)
    assert told == ["x", ""]


def test_a_caller_that_vanishes_takes_all_along(helpers, cold, tmp_path):
    """As when its terminal is closed: the helper's side alone ends the check, and what the check has started."""
    os.mkfifo("pipe")
    files = [tmp_path / name for name in ("events", "stack", "words")]
    for file in files:
        file.touch()
    code = "import subprocess\ndef rnn_cell(*_):\n    p = open('pipe', 'w')\n    p.write('x'); p.flush()\n"
    file = save(code + "    subprocess.run(['sleep', '1000'], pass_fds=[p.fileno()])")
    running = warm.start([str(file), *map(str, files[:2]), str(HANG), "rnn-cell"], files[2])
    with open("pipe") as pipe:
        assert pipe.read(1) == "x"
        running._link.close()
        assert pipe.read() == ""  # the end: the last one that had it open has gone


def test_a_helper_that_hangs_is_given_up(helpers, cold, monkeypatch):
    process.check_file(save(RIGHT), ["rnn-cell"])
    monkeypatch.setattr(warm, "_ANSWERING", 0.2)
    monkeypatch.setattr(warm, "_STARTING", 0.0)
    hanging = current(helpers)
    hanging.send_signal(signal.SIGSTOP)
    with pytest.raises(RuntimeError, match="cold"):
        process.check_file(save(RIGHT), ["rnn-cell"])
    assert not (warm.folder() / f"{warm.key()}.sock").exists()  # so that the next check starts another
    hanging.send_signal(signal.SIGCONT)
    assert hanging.wait(HANG) == 0  # and this one sees that it is of no use


def test_a_check_of_which_nothing_is_heard_is_given_up(helpers, cold, monkeypatch):
    monkeypatch.setattr(process, "_SILENT", 0.3)
    file = save("import os, signal\ndef rnn_cell(*_):\n    os.kill(os.getpid(), signal.SIGSTOP)")
    with pytest.raises(RuntimeError, match="cold"):
        process.check_file(file, ["rnn-cell"])


def test_a_helper_that_does_not_start(helpers, cold, monkeypatch):
    monkeypatch.setattr(warm, "_HELPER", "raise SystemExit(1)")
    monkeypatch.setenv("PYTHON_OF_THIS_TEST", "1")  # another key: no helper is there
    with pytest.raises(RuntimeError, match="cold"):
        process.check_file(save(RIGHT), ["rnn-cell"])


@pytest.mark.parametrize("order", [b"", b"nonsense\n", b"{}\n"])
def test_a_helper_survives_orders_that_are_none(order, helpers, cold):
    process.check_file(save(RIGHT), ["rnn-cell"])
    link, _ = warm._connected(warm.folder() / f"{warm.key()}.sock")
    with link:
        link.sendall(order)
    assert process.check_file(save(RIGHT), ["rnn-cell"]).reports[0].passed


def test_a_helper_leaves_with_its_socket(helpers, cold):
    process.check_file(save(RIGHT), ["rnn-cell"])
    (warm.folder() / f"{warm.key()}.sock").unlink()
    assert current(helpers).wait(HANG) == 0


def test_a_helper_of_another_package_or_setting_is_not_current(tmp_path, monkeypatch):
    path = tmp_path / f"{warm.key()}.sock"
    path.touch()
    mark = warm.mark_of(path)
    assert helper._is_current(path, mark, dict(os.environ))
    assert not helper._is_current(path, f"{mark}1", dict(os.environ))
    assert not helper._is_current(path, mark, os.environ | {"OMP_NUM_THREADS": "7"})
    path.unlink()
    assert not helper._is_current(path, mark, dict(os.environ))


def test_key(tmp_path, monkeypatch):
    package = tmp_path / "package"
    (package / "__pycache__").mkdir(parents=True)
    (package / "a.py").write_text("1")
    monkeypatch.setattr(warm, "PACKAGE", package)
    key = warm.key()
    (package / "__pycache__" / "a.pyc").write_text("1")
    assert warm.key(os.environ | {"TERM": "dumb", "SHLVL": "9"}) == key
    assert warm.key(os.environ | {"MKL_NUM_THREADS": "9"}) != key
    os.utime(package / "a.py", (1, 1))
    assert (changed := warm.key()) != key
    (package / "b.py").write_text("")
    assert warm.key() != changed


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o777])
def test_a_folder_that_is_open_to_others_is_refused(mode, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    os.chmod(tmp_path, 0o700)
    assert warm.folder() == tmp_path / "rnnbook"
    (tmp_path / "rnnbook").chmod(mode)
    with pytest.raises(PermissionError):
        warm.folder()
    monkeypatch.setattr(warm, "wanted", lambda: True)
    assert warm.start([], tmp_path / "words") is None


def test_a_folder_that_is_a_link_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    os.chmod(tmp_path, 0o700)
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "rnnbook").symlink_to("elsewhere")
    with pytest.raises(PermissionError):
        warm.folder()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    os.chmod(tmp_path, 0o700)
    os.chown(warm.folder(), 12345, 12345)
    with pytest.raises(PermissionError):
        warm.folder()


@pytest.mark.parametrize(
    ("name", "value", "wanted"), [("RNNBOOK_NO_HELPER", "1", False), ("CI", "true", False), ("OTHER", "1", True)]
)
def test_when_it_is_wanted(name, value, wanted, monkeypatch):
    for switch in ("RNNBOOK_NO_HELPER", "CI"):
        monkeypatch.delenv(switch, raising=False)
    monkeypatch.setenv(name, value)
    assert warm.wanted() == wanted
    monkeypatch.setattr(warm.sys, "platform", "win32")
    assert not warm.wanted()


def test_a_path_too_long_for_a_socket_is_no_trouble(helpers, tmp_path, monkeypatch):
    deep = tmp_path / ("x" * 120)
    deep.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))
    assert warm.start([], tmp_path / "words") is None
    assert [*warm.folder().iterdir()] == []


def test_running_is_lost_when_the_other_side_has_gone():
    import socket

    ours, theirs = socket.socketpair()
    child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    running = warm.Running(ours, child.pid)
    with pytest.raises(subprocess.TimeoutExpired):
        running.wait(0)
    theirs.close()
    with pytest.raises(warm.Lost):
        running.wait(HANG)
    running.kill()
    running.kill()
    assert child.wait(HANG) == -signal.SIGKILL
