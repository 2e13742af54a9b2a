"""Who a child becomes: nobody else, where the files that it needs let it."""

import os
import subprocess
import sys

import pytest

from rnnbook.grading.sandbox import privileges

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def test_what_is_closed_to_others(tmp_path):
    (tmp_path / "open" / "file").parent.mkdir(mode=0o755)
    (tmp_path / "open" / "file").write_text("")
    (tmp_path / "open").chmod(0o755)
    (tmp_path / "open" / "file").chmod(0o644)
    assert privileges.closed([tmp_path / "open", tmp_path / "missing"], reached=False) is None
    (tmp_path / "open" / "file").chmod(0o640)
    assert privileges.closed([tmp_path / "open" / "file"], reached=False) == tmp_path / "open" / "file"
    tmp_path.chmod(0o700)
    assert privileges.closed([tmp_path / "open"], reached=False) is None
    assert privileges.closed([tmp_path / "open"], reached=True) in [tmp_path, *tmp_path.parents]


@root_only
def test_root_becomes_whom_nobody_else_is():
    user = privileges.stranger()
    assert user > 2**16
    code = (
        f"from rnnbook.grading.sandbox import privileges; privileges.become({user}); import os; "
        "print(os.getresuid(), os.getresgid(), os.getgroups())"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.split() == f"({user}, {user}, {user}) ({user}, {user}, {user}) []".split()


@root_only
def test_root_without_its_powers_stays():
    code = "from rnnbook.grading.sandbox import privileges; privileges.drop(None, True); print(privileges.stranger())"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "None\n"


def test_an_ordinary_user_stays(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert privileges.stranger() is None
