"""The case tables: named parameter settings, valid and invalid, as data.

Trusted side. The cases have arguments and sizes, never answers.
"""

from grader.cases.layers import LAYERS, criterion_of
from grader.cases.model import Case, case_from_json, case_to_json, parts_of
from grader.cases.suite import of_kind, suite

__all__ = ["LAYERS", "Case", "case_from_json", "case_to_json", "criterion_of", "of_kind", "parts_of", "suite"]
