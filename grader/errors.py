"""The errors that the grader raises, one small tree, for callers to catch by kind.

Trusted side. A student's failure is never one of these: it is an outcome. Nor is `WireError` in
`grader.worker.wire`: the worker imports nothing of grader, and the sandbox turns that error into an outcome.

GraderError
+-- InputError          input of the user that cannot be used (exit status 2)
|   +-- AssignmentError     assignment file
|   +-- SubmissionError     path, zip, notebook or worksheet as a whole
|   +-- GroundTruthError    ground-truth folder, manifest or array file
|   +-- GradebookError      results folder or its database
+-- SandboxError        nothing on this machine can confine, or a probe failed
"""


class GraderError(Exception):
    """Anything that the grader raises on purpose; its text is for a person."""


class InputError(GraderError):
    """What the user gave cannot be used."""


class AssignmentError(InputError):
    """The assignment file breaks a rule; the text names the key and what is allowed."""


class SubmissionError(InputError):
    """A path, archive or worksheet cannot be read as a whole."""


class GroundTruthError(InputError):
    """The stored ground truth is missing, altered or of another version."""


class GradebookError(InputError):
    """The results folder holds no gradebook that this version reads."""


class SandboxError(GraderError):
    """No sandbox on this machine confines untrusted code as asked."""
