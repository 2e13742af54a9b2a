"""Grading on Gradescope: `autograder` makes what is uploaded there, `container` is what runs there.

`rnnbook gradescope build` makes an archive; Gradescope makes an image of it with `scripts/setup.sh`, and for each
submission starts `scripts/run_autograder`, which calls `python -m rnnbook.grading.gradescope`.
"""
