"""`python -m rnnbook.grading.gradescope /autograder`: grades the submission that lies there."""

import sys
from pathlib import Path

from rnnbook.grading.gradescope.container import run

run(Path(sys.argv[1]).resolve())
