"""The tests of the exercises, one module each; `student` is all they see of the learner's code."""
