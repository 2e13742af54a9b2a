import subprocess
import sys


def test_afterwards_everything_is_there_on_one_thread():
    code = """
from rnnbook.exercises import warmup
import sys
assert "torch" not in sys.modules
warmup.one_thread()
import torch
assert torch.get_num_threads() == 1
for _ in warmup.imports(): pass
warmup.first_uses()
assert not [name for name in warmup._COMMON if name not in sys.modules]
"""
    subprocess.run([sys.executable, "-c", code], check=True)
