"""Which modules of the standard library every submission may import.

Trusted side; pure data. What can be harmful is left out so that a student is told by name;
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
