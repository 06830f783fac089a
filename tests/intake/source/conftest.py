"""Builders of submissions out of texts and notebook cells."""

import json
from collections.abc import Callable, Mapping

import pytest

from grader.intake.submissions import SourceFile, Submission


@pytest.fixture
def handed_in() -> Callable[[Mapping[str, str | bytes]], Submission]:
    """Make a submission from files."""

    def make(files: Mapping[str, str | bytes]) -> Submission:
        sources = [
            SourceFile(path, data if isinstance(data, bytes) else data.encode())
            for path, data in files.items()
        ]
        return Submission("one", "One", None, tuple(sources))

    return make


@pytest.fixture
def notebook() -> Callable[..., str]:
    """Make a notebook of code cells, with a text cell before each."""

    def make(*cells: str) -> str:
        made: list[dict[str, object]] = []
        for cell in cells:
            made.append({"cell_type": "markdown", "metadata": {}, "source": ["# title"]})
            source = cell.splitlines(keepends=True)
            made.append(
                {
                    "cell_type": "code",
                    "metadata": {},
                    "source": source,
                    "outputs": [],
                    "execution_count": None,
                }
            )
        return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})

    return make
