"""Which modules the graded code imports that are not in the submission: libraries, or files left behind.

Trusted side; pure.
"""

import ast
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from grader.intake.source.bindings import Definition, bound, statements
from grader.intake.source.document import Document

_LIBRARIES = {
    "absl", "albumentations", "altair", "attr", "autograd", "bokeh", "bs4", "caffe", "chainer", "click",
    "cupy", "cv2", "cython", "dask", "dill", "einops", "emnist", "faker", "fastai", "fire", "flask",
    "flax", "gdown", "gensim", "google", "gradio", "graphviz", "gym", "gymnasium", "h5py", "haiku",
    "huggingface_hub", "hydra", "idx2numpy", "imageio", "imblearn", "imgaug", "imutils", "ipdb",
    "IPython", "ipywidgets", "jax", "jaxlib", "joblib", "kagglehub", "keras", "keras_tuner", "kornia",
    "librosa", "lightgbm", "lightning", "line_profiler", "lmdb", "loguru", "lxml", "matplotlib",
    "memory_profiler", "mlflow", "mlxtend", "mnist", "mpi4py", "mpl_toolkits", "mxnet", "natsort",
    "networkx", "nltk", "nose", "notebook", "numba", "numexpr", "numpy", "nvidia", "omegaconf", "onnx",
    "onnxruntime", "openpyxl", "opt_einsum", "optax", "optuna", "orjson", "paddle", "pandas", "pathos",
    "patoolib", "PIL", "pil", "plotly", "polars", "prettytable", "progressbar", "psutil", "py7zr",
    "pycuda", "pydot", "pygame", "pylab", "pympler", "pytest", "pytorch_lightning", "ray", "requests",
    "rich", "ruamel", "scikitplot", "scipy", "seaborn", "setuptools", "simplejson", "sionna", "six",
    "skimage", "sklearn", "sklearnex", "spacy", "statsmodels", "streamlit", "sympy", "tabulate",
    "tensorboard", "tensorboardX", "tensorflow", "tensorflow_datasets", "tensorflow_hub", "tensorly",
    "termcolor", "tf_keras", "theano", "thop", "threadpoolctl", "tifffile", "timm", "tinygrad",
    "tkinter", "toml", "torch", "torchaudio", "torchinfo", "torchmetrics", "torchsummary", "torchtext",
    "torchvision", "torchviz", "tornado", "tqdm", "transformers", "typing_extensions", "ujson",
    "urllib3", "visdom", "wandb", "win32api", "wx", "xarray", "xgboost", "yaml", "yellowbrick", "zmq",
}  # fmt: skip
"""Libraries by the names that students import: whatever else is not found is a file of their own."""


@dataclass(frozen=True, slots=True)
class OutsideImport:
    """An import of a module that is not in the submission.

    Attributes
    ----------
    module : str
        Its name up to the first dot.
    file : str
        The path of the file that imports it.
    is_file : bool
        Whether it must be a file of the student's own.
    """

    module: str
    file: str
    is_file: bool


def outside_imports(
    document: Document, needed: Collection[str], own: Collection[str]
) -> Iterator[OutsideImport]:
    """Yield the imports of a file that its graded code uses and that are not in the submission.

    Parameters
    ----------
    document : Document
    needed : collection of str
        The names that the graded code uses.
    own : collection of str
        The names of the submission's modules and folders.
    """
    used = {*needed, "*"}
    for top in document.tree.body:
        for node in (top, *statements(top)):
            if not isinstance(node, ast.Import | ast.ImportFrom):
                continue
            names = {top.name} if isinstance(top, Definition) else bound(node)
            for module, is_relative in _modules(node) if names & used else ():
                if module not in own:
                    is_known = module in _LIBRARIES or module in sys.stdlib_module_names
                    yield OutsideImport(module, document.path, is_relative or not is_known)


def _modules(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, bool]]:
    """Yield each module's name up to the first dot, and whether it is looked for next to the file."""
    if isinstance(node, ast.Import):
        yield from ((alias.name.partition(".")[0], False) for alias in node.names)
    elif node.module:
        yield node.module.partition(".")[0], node.level > 0
    else:
        yield from ((alias.name, True) for alias in node.names)


def module_names(paths: Collection[str]) -> set[str]:
    """Return the names under which files and their folders can be imported."""
    return {part.removesuffix(".py") for path in paths for part in path.split("/")}
