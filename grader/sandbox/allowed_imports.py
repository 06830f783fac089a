"""Which modules of the standard library every submission may import.

Trusted side; pure data. Modules that can do harm are left out, so that the message to the student names them;
the walls are the kernel's.
"""

HARMLESS = frozenset(
    {
        "__future__",
        "abc",
        "array",
        "bisect",
        "builtins",
        "cmath",
        "collections",
        "contextlib",
        "copy",
        "dataclasses",
        "datetime",
        "decimal",
        "enum",
        "fractions",
        "functools",
        "heapq",
        "itertools",
        "logging",
        "math",
        "numbers",
        "numpy",
        "operator",
        "pprint",
        "random",
        "re",
        "statistics",
        "string",
        "struct",
        "sys",
        "textwrap",
        "time",
        "timeit",
        "traceback",
        "types",
        "typing",
        "unittest",
        "warnings",
        "weakref",
    }
)
