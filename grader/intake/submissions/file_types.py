"""Which paths are sources, archives or clutter, and how a path is shown in a message.

Trusted side; pure functions over names, which come from students and are only looked at.
"""

import re

from grader.visible_text import visible_name

SOURCE_SUFFIXES = (".py", ".pyw", ".ipynb", ".txt")
ONLINE_TEXT = "onlinetext.html"
ARCHIVE_SUFFIXES = (".zip", ".tar", ".tgz", ".tbz2", ".txz", ".gz", ".bz2", ".xz", ".7z", ".rar")

_CLUTTER_FOLDERS = {
    *("__macosx", "__pycache__", "venv", "virtualenv", "site-packages", "dist-packages", "node_modules"),
}
_COMPILED = re.compile(r"\.py[cdoix]$")
_LONGEST_SHOWN = 120
DEEPEST = 40
LEADS_OUT = "its path leads out of the archive"
NOT_A_FILE = "it is a link or a device, not a file"
LONGEST_PATH = 1_000


def is_clutter(path: str) -> bool:
    """Tell whether a path lies in a folder that no student wrote, or is a system's own file."""
    *folders, name = path.rstrip("/").split("/")
    if any(folder.lower() in _CLUTTER_FOLDERS or _is_hidden(folder) for folder in folders):
        return True
    return name.startswith("._") or name == ".DS_Store" or (_is_hidden(name) and not is_source(name))


def _is_hidden(name: str) -> bool:
    return name.startswith(".") and name not in {".", ".."}


def is_source(path: str) -> bool:
    """Tell whether a file may hold source text, also as ``cnn.py.txt`` or ``cnn.py (1)``."""
    name = path.rsplit("/", 1)[-1].lower()
    if name == ONLINE_TEXT or name.endswith(SOURCE_SUFFIXES):
        return True
    return ".py" in name and not _COMPILED.search(name) and not is_archive(name)


def is_archive(path: str) -> bool:
    """Tell whether a file is an archive by its name; documents that are zips inside are not."""
    return path.lower().rstrip().endswith(ARCHIVE_SUFFIXES)


def stem(name: str) -> str:
    """Return a file's name without the suffix of a source or archive.

    Examples
    --------
    >>> stem("a_zip.tar.gz"), stem("1805001.PY"), stem("v1.2")
    ('a_zip', '1805001', 'v1.2')
    """
    lower = name.lower()
    for suffix in (".tar.gz", ".tar.bz2", ".tar.xz", *ARCHIVE_SUFFIXES, *SOURCE_SUFFIXES):
        if lower.endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return name


def shown(path: str) -> str:
    """Return a path as it may stand in a message: no invisible characters, not endless."""
    clean = visible_name(path)
    if len(clean) <= _LONGEST_SHOWN:
        return clean
    return f"{clean[:70]}…{clean[-45:]}"


def too_deep(path: str) -> str:
    """Return why a path is longer than anybody's work; empty if it is not.

    Examples
    --------
    >>> too_deep("a/b/cnn.py"), too_deep("a/" * 99 + "cnn.py")
    ('', 'it is more than 40 folders deep')
    """
    if path.count("/") > DEEPEST:
        return f"it is more than {DEEPEST} folders deep"
    return f"its path has more than {LONGEST_PATH} characters" if len(path) > LONGEST_PATH else ""


def clean_path(path: str) -> str | None:
    r"""Return an archive's path with "/" and no empty parts; None where it leads out of the archive.

    Examples
    --------
    >>> clean_path(".\\src\\model.py"), clean_path("../x.py"), clean_path("C:/x.py")
    ('src/model.py', None, None)
    """
    unix = path.replace("\\", "/")
    if unix.startswith("/") or re.match(r"[A-Za-z]:", unix) or "\x00" in unix:
        return None
    parts = [part for part in unix.split("/") if part not in ("", ".")]
    if ".." in parts or not parts:
        return None
    return "/".join(parts) + ("/" if unix.endswith("/") else "")
