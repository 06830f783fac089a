"""Find an interface by name or file; learn which names it needs and which cases it can express.

Trusted side. An interface is the course's own code, so it may run here to answer these two questions. To
call the student's code, its source is sent to the untrusted side.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.cases import Case
from grader.errors import AssignmentError
from grader.worker import interfaces
from grader.worker.interface.interface_settings import SettingsError
from grader.worker.interface.synonyms import classes_for
from grader.worker.load_interface import open_interface

_SHIPPED = Path(interfaces.__file__).parent
_CLASS = re.compile(rb"\bclass[ \t]+([A-Za-z]\w*)")


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
    settings : Mapping
        The assignment's ``[interface_settings]``.
    required : sequence of str
        What cases may not lack, see `grader.assignment.coverage`.
    """

    name: str
    source: str
    needs: Mapping[str, Sequence[str]]
    settings: Mapping[str, Any] = field(default_factory=dict)
    required: Sequence[str] = ()

    @property
    def names(self) -> frozenset[str]:
        """Every name that tells the answer file from other files."""
        return frozenset(name for names in self.needs.values() for name in names)

    def expressed(self, cases: Sequence[Case]) -> tuple[Case, ...]:
        """Return those of `cases` that can be put into this interface's words.

        Where stride is one int for both axes, say, a case in which the axes differ cannot be asked: it counts
        neither for nor against a student.
        """
        known = _EXPRESSED.setdefault(f"{self.source}{self.settings!r}", {})
        keys = [f"{case.id} {case.params} {case.sizes}" for case in cases]
        if not known.keys() >= set(keys):
            opened = open_interface(self.source, self.settings, self.name)
            found = (opened.expresses(case.kind, case.params, case.sizes) for case in cases)
            known.update(zip(keys, found, strict=True))
        return tuple(case for case, key in zip(cases, keys, strict=True) if known[key])


_EXPRESSED: dict[str, dict[str, bool]] = {}
"""By interface, then case: remembered, because each submission asks for the same cases."""


def names_in_use(names: Collection[str], sources: Iterable[bytes]) -> frozenset[str]:
    """Return names by which some files are chosen; what a course calls Conv2d a student may call Convolution.

    Parameters
    ----------
    names : collection of str
        The interface's. One that no file has as a class is replaced by the class that stands for it, if there
        is one; of several each is kept.
    sources : iterable of bytes
        The files.
    """
    classes = {name.decode("ascii") for source in sources for name in _CLASS.findall(source)}
    used: set[str] = set()
    for name in names:
        others = () if name in classes else classes_for(name, classes)
        used |= set(others) or {name}
    return frozenset(used)


def shipped_interfaces() -> tuple[str, ...]:
    """Return the names of the interfaces that come with the grader."""
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.py") if not path.stem.startswith("_")))


def load_interface(name: str, folder: Path = Path(), settings: Mapping[str, Any] | None = None) -> Interface:
    """Read an interface and put an assignment's settings into it.

    Parameters
    ----------
    name : str
        A shipped one's name, or a ``.py`` file's path.
    folder : Path
        Where a relative path starts.
    settings : Mapping, optional
        The assignment's ``[interface_settings]``.

    Raises
    ------
    AssignmentError
        There is no such interface, the file is not one, or a setting is not usable.
    """
    settings = settings or {}
    path = folder / name if name.endswith(".py") else _SHIPPED / f"{name}.py"
    if not path.is_file():
        shipped = ", ".join(shipped_interfaces())
        raise AssignmentError(
            f"interface: {name!r} is neither a .py file nor a shipped interface ({shipped})"
        )
    source = path.read_text(encoding="utf-8")
    try:
        needs = open_interface(source, settings, str(path)).needs
    except SettingsError as error:
        raise AssignmentError(f"{error}\n(settings of the interface {path.stem})") from None
    except Exception as error:
        raise AssignmentError(f"interface: {path} cannot be used: {type(error).__name__}: {error}") from None
    return Interface(path.stem, source, needs, settings)
