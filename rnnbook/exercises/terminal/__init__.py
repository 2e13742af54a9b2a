"""The exercises in a terminal: `rnnbook check`, `progress` and `pack`.

console   what `check` says            progress  best marks over the course, and hints seen
process   a check in its own process   pack      the one file to hand in, graded before it goes
warm      that process, warm already   stale     signs that a notebook is not what its author has in mind
helper    what keeps it warm           watch     again at every save
"""
