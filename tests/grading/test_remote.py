"""What only the tests' side can get wrong; how it talks with a learner's code is in test_grader and test_attacks."""

import os
import tempfile

import pytest

from rnnbook.grading.errors import SandboxError
from rnnbook.grading.remote import Remote


def test_a_child_that_is_not_born_leaves_nothing_behind(tmp_path, monkeypatch):
    class Nursery:
        def fork(self, *_):
            raise SandboxError("no more processes")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with pytest.raises(SandboxError, match="no more processes"):
            Remote(Nursery(), seconds=1, memory=2**20)
    assert len(os.listdir("/proc/self/fd")) == before
    assert not [*tmp_path.iterdir()]
