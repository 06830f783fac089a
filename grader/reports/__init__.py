"""Reports: pure functions from results to text, HTML, CSV and JSON, and the one that writes them.

Trusted side. Whatever a student wrote is escaped here, by each format's own rules.
"""

from grader.reports.pages import feedback_page, report_page
from grader.reports.run_diff import Change, changes, changes_text, reasons
from grader.reports.scores import scores_csv, scores_json
from grader.reports.tables import check_report, failure_blocks, scores_table
from grader.reports.writing import write_reports, write_whole

__all__ = [
    "Change",
    "changes",
    "changes_text",
    "check_report",
    "failure_blocks",
    "feedback_page",
    "reasons",
    "report_page",
    "scores_csv",
    "scores_json",
    "scores_table",
    "write_reports",
    "write_whole",
]
