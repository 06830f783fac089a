"""Print the lowest version of each package that grading needs, as pip's constraints (`make test-lowest`)."""

import re
import tomllib
from pathlib import Path


def main() -> None:
    """Read pyproject.toml and print one pinned requirement a line."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    for requirement in project["dependencies"]:
        for name, version in re.findall(r"^([\w-]+)>=([\d.]+)", requirement):
            print(f"{name}=={version}")


if __name__ == "__main__":
    main()
