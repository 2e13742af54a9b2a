"""The class grader: marks to trust, from code nobody should trust. By idea, in the order in which they act:

intake/     what a class handed in: files, archives, names, roster
classroom/  a class run: its record, its workers, what is left to do
grader      one submission, one exercise: the tests run here, trusted
remote      the engine of `student`, whose learner is a process in the sandbox
wire        what goes between the two: JSON and bytes
channel     how it goes: over a socket, each frame with a deadline
nursery     the warm process in the sandbox that forks children
child       the learner's side: runs definitions, then only computes
sandbox/    where it computes: namespaces, landlock, limits
flags       what an instructor should look at
reports/    tables, pages, and what learning platforms read
gradescope/ the same on Gradescope
types       submissions, results, settings          errors, cli   what goes wrong; the commands
"""
