"""What `grader run --dry-run` says: the rules, the checks, and what would happen to each submission.

Trusted side; pure.
"""

from collections.abc import Sequence

from grader.grading.plan import Plan
from grader.grading.preview import Preview
from grader.reports.phrasing import number
from grader.visible_text import visible


def dry_run_text(plan: Plan, previews: Sequence[Preview]) -> str:
    """Return what would be graded, a line for each criterion and each submission."""
    job = plan.job
    lines = [
        f"Assignment: {job.assignment.name}, {number(job.assignment.max_points)} points",
        f"Interface: {job.interface.name}",
        f"Sandbox: {job.sandbox}",
        "",
        f"Criteria: {len(job.assignment.points)}",
    ]
    for name, points in job.assignment.points.items():
        covered = plan.coverage.get(name)
        more = f"; {covered.sentence}" if covered and covered.sentence else ""
        lines.append(f"  {name}: {number(points)} points, checks: {plan.checks[name]}{more}")
    lines += ["", f"Submissions: {len(previews)} of {len(plan.roster)}"]
    lines += [f"  {_line(one)}" for one in previews]
    lines += ["", "Dry run: nothing was run and nothing was written."]
    return visible("\n".join(lines))


def _line(one: Preview) -> str:
    files = ", ".join(one.files)
    # Without a learning platform a submission is named after its file or folder, which is shown anyway.
    known = ("", one.id, *one.files)
    who = one.id if one.name in known else f"{one.id} ({one.name})"
    if one.kept:
        return f"{who}: unchanged; keeps its result ({files})"
    if one.problem:
        return f"{who}: cannot be run: {one.problem}"
    return f"{who}: will be graded ({files})"
