"""What this machine can do, as text: sandboxes by what they proved, cores, versions.

Trusted side; pure.
"""

from collections.abc import Mapping, Sequence

from grader.sandbox.probe import Report


def doctor_text(sandboxes: Sequence[Report], facts: Mapping[str, object]) -> str:
    """Return the facts about this machine as text.

    Parameters
    ----------
    sandboxes : sequence of Report
        Of each confining backend, the strongest first.
    facts : Mapping of str to object
        Cores, versions and the like, by name.
    """
    holding = [report.backend for report in sandboxes if report.holds]
    if holding:
        verdict = f"This machine can grade: --sandbox auto uses {holding[0]}."
    else:
        verdict = "This machine cannot grade other people's code: no sandbox works here."
    lines = [verdict, "", *(f"{name}: {value}" for name, value in facts.items())]
    for report in sandboxes:
        lines += ["", *_sandbox(report)]
    return "\n".join(lines)


def _sandbox(report: Report) -> list[str]:
    state = "works" if report.holds else f"cannot be used: {report.problem}"
    lines = [f"sandbox {report.backend}: {state}"]
    lines += [f"  {name}: {value}" for name, value in report.facts.items() if report.attempts]
    for attempt in report.attempts:
        result = f"refused ({attempt.error})" if attempt.refused else "NOT REFUSED"
        lines.append(f"  tries to {attempt.name}: {result}")
    return lines
