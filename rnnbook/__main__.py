"""The command `rnnbook` as a module, which is how torchrun starts it: `torchrun --nproc_per_node 2 -m rnnbook ...`."""

from rnnbook.cli import app

app()
