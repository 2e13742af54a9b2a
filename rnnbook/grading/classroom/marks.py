"""What is known of a class's marks, what is left to do, and what follows when all is done."""

from collections.abc import Iterable
from dataclasses import replace

from rnnbook.exercises.catalogue import Exercise
from rnnbook.exercises.run import blank
from rnnbook.grading.classroom import fingerprint
from rnnbook.grading.classroom.record import Record
from rnnbook.grading.classroom.workers import Done, Task
from rnnbook.grading.types import Result, Settings, Submission


class Marks:
    """The marks of a class, by code: learners who handed in the same are graded once.

    Args:
        submissions: the class.
        exercises: all that there are, by identifier.
        settings: how they are graded.
        record: what earlier runs found; what this one finds is added.
        regrade: exercises whose marks there are not taken.

    Attributes:
        faults: why the grader failed at a submission as a whole, by the submission's digest.
    """

    def __init__(
        self,
        submissions: list[Submission],
        exercises: dict[str, Exercise],
        settings: Settings,
        record: Record,
        regrade: Iterable[str] = (),
    ):
        self._codes = {submission.digest: submission for submission in submissions}
        self._exercises = exercises
        self._settings = settings
        self._record = record
        self._surveys: dict[str, dict] = {}
        self._results: dict[tuple[str, str], Result] = {}
        self.faults: dict[str, str] = {}
        for code in self._codes:
            if survey := record.get(fingerprint.survey(code, settings)):
                self._surveys[code] = survey
            for id in exercises:
                if id not in regrade and (found := record.get(fingerprint.grading(code, id, settings))):
                    self._results[code, id] = Result.from_json(found)

    def tasks(self, asked: Iterable[str] | None) -> list[Task]:
        """What is left to do.

        Args:
            asked: the exercises to grade; None for all that a submission holds.
        """
        asked = None if asked is None else tuple(asked)
        found = []
        for code, submission in self._codes.items():
            known = tuple(id for id in self._exercises if (code, id) in self._results)
            held = self._surveys[code]["held"] if code in self._surveys else None
            if held is None or any(id not in known for id in held if asked is None or id in asked):
                # Without what tells whose code it is: a worker has no use for that.
                nameless = replace(submission, learner="", origin="", notes=(), identity={})
                found.append(Task(nameless, asked, known))
        return found

    def add(self, done: Done) -> None:
        """Takes what came of a task. Faults are not recorded: the next run tries again."""
        code = done.submission
        if done.fault:
            self.faults[code] = done.fault
            return
        self._surveys[code] = {"held": list(done.held), "reason": done.reason}
        self._results |= {(code, result.exercise): result for result in done.results}
        sound = [result for result in done.results if not result.fault]
        graded = {fingerprint.grading(code, result.exercise, self._settings): result.to_json() for result in sound}
        self._record.add({fingerprint.survey(code, self._settings): self._surveys[code], **graded})

    def chapters(self) -> set[str]:
        """The chapters of which some submission holds an exercise."""
        return {self._exercises[id].chapter for survey in self._surveys.values() for id in survey["held"]}

    def result(self, submission: Submission, exercise: Exercise) -> Result:
        """A learner's result in an exercise; whatever happened, it lists every test."""
        code, learner = submission.digest, submission.learner
        found = self._results.get((code, exercise.id))
        if found and found.tests:
            return replace(found, learner=learner)
        fault = found.fault if found else self.faults.get(code, "")
        reason = "" if fault else self._surveys[code]["reason"]
        tests = tuple(replace(test, message=reason) for test in blank(exercise).tests)
        return Result(learner, exercise.id, tests, self._settings.tier, fault=fault)
