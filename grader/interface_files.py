"""Find an interface by name or file, and learn which names of the student's it needs.

Trusted side. An interface is the course's own code, so it may be imported here for its `NEEDS`; what
it does with the student's code happens on the untrusted side, where its source is sent.
"""

import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.errors import AssignmentError

_SHIPPED = Path(__file__).parent / "interfaces"


@dataclass(frozen=True, slots=True)
class Interface:
    """How an API shape is called.

    Attributes
    ----------
    name : str
    source : str
        Python text, run on the untrusted side.
    needs : Mapping of str to sequence of str
        Which names of the student's each kind of layer needs.
    """

    name: str
    source: str
    needs: Mapping[str, Sequence[str]]

    @property
    def names(self) -> frozenset[str]:
        """Every name that tells the answer file from other files."""
        return frozenset(name for names in self.needs.values() for name in names)


def shipped_interfaces() -> tuple[str, ...]:
    """Return the names of the interfaces that come with the grader."""
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.py") if not path.stem.startswith("_")))


def load_interface(name: str, folder: Path = Path()) -> Interface:
    """Read an interface.

    Parameters
    ----------
    name : str
        A shipped one's name, or a ``.py`` file's path.
    folder : Path
        Where a relative path starts.

    Raises
    ------
    AssignmentError
        There is no such interface, or the file is not one.
    """
    path = folder / name if name.endswith(".py") else _SHIPPED / f"{name}.py"
    if not path.is_file():
        shipped = ", ".join(shipped_interfaces())
        raise AssignmentError(
            f"interface: {name!r} is neither a .py file nor a shipped interface ({shipped})"
        )
    source = path.read_text(encoding="utf-8")
    module = types.ModuleType(path.stem)
    module.__file__ = str(path)
    try:
        exec(compile(source, str(path), "exec"), module.__dict__)  # the course's own file
        needs = {kind: tuple(names) for kind, names in module.NEEDS.items()}
    except Exception as error:
        raise AssignmentError(f"interface: {path} cannot be used: {type(error).__name__}: {error}") from None
    return Interface(path.stem, source, needs)
