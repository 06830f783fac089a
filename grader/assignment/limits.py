"""What a submission may use: time, processor, memory, processes, output and files.

Trusted side; pure data. Every limit has its own outcome and its own sentence for the student.
"""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Le

Seconds = Annotated[float, Gt(0)]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one submission's worker.

    Attributes
    ----------
    call_seconds, call_cpu_seconds : float
        Wall and processor time, in seconds, for one part of an answer (forward, then each gradient); a call
        that only prepares another one has as much of its own.
    load_seconds : float
        Wall time for importing the student's file.
    submission_seconds, submission_cpu_seconds : float
        Wall and processor time over all calls.
    memory_mb : int
        MiB of address space that the student's code may add to what the worker had before it.
    processes : int
        Processes and threads in addition to the first. Only the container backend can allow any.
    output_mb : int
        MiB that may be printed before the worker is ended.
    file_mb : int
        MiB of the largest file that may be written; 0 allows none.
    payload_mb : int
        MiB of the largest answer that is read.
    """

    call_seconds: Seconds = 10.0
    call_cpu_seconds: Seconds = 2.0
    load_seconds: Seconds = 10.0
    submission_seconds: Seconds = 60.0
    submission_cpu_seconds: Seconds = 60.0
    memory_mb: Annotated[int, Ge(64), Le(1 << 20)] = 1024
    processes: Annotated[int, Ge(0), Le(64)] = 0
    output_mb: Annotated[int, Ge(1), Le(1024)] = 8
    file_mb: Annotated[int, Ge(0), Le(1024)] = 0
    payload_mb: Annotated[int, Ge(1), Le(1024)] = 64
