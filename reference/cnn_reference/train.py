"""Train a small LeNet on the bundled digits: ``python -m cnn_reference.train [-o DIR]``.

The only modules here that print or draw are this one, ``bench`` and ``figures``.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# So small matrices are not worth sharing between cores; NumPy reads this when it is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from cnn_reference.activations import Flatten, ReLU
from cnn_reference.arrays import Array
from cnn_reference.conv import Conv2d
from cnn_reference.linear import Linear
from cnn_reference.loss import CrossEntropyLoss, cross_entropy_forward
from cnn_reference.network import CNN
from cnn_reference.pooling import MaxPool2d

DIGITS = Path(__file__).parents[2] / "data" / "digits.npz"
Labels = NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class Split:
    """Images (N, 1, 8, 8), scaled to about mean 0 and variance 1, and their labels (N,)."""

    x: Array
    labels: Labels


@dataclass(slots=True)
class History:
    """What each epoch ended with."""

    train_loss: list[float] = field(default_factory=list)
    test_loss: list[float] = field(default_factory=list)
    test_accuracy: list[float] = field(default_factory=list)


def load_digits(rng: np.random.Generator, path: Path = DIGITS) -> tuple[Split, Split]:
    """Read the digits and hold out a fifth of them at random.

    Returns
    -------
    train, test : Split
        float32 images; 1,438 and 359 of them.

    Raises
    ------
    FileNotFoundError
        If the file is not there, as in an installed package, which does not carry it.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: run from a clone of the repository, where data/ lies")
    with np.load(path) as file:
        images, labels = file["images"], file["labels"]
    order = rng.permutation(len(images))
    x = (images[order, np.newaxis].astype(np.float32) - 5) / 6
    held_out = len(images) // 5
    test, train = slice(None, held_out), slice(held_out, None)
    return Split(x[train], labels[order][train]), Split(x[test], labels[order][test])


def lenet(rng: np.random.Generator) -> CNN:
    """Build two convolutions with ReLU and max pooling, then two linear layers, as LeNet-5 has them."""
    f32 = np.float32
    return CNN(
        [
            Conv2d(1, 16, 3, padding=1, rng=rng, dtype=f32),
            ReLU(),
            MaxPool2d(2),
            Conv2d(16, 32, 3, padding=1, rng=rng, dtype=f32),
            ReLU(),
            MaxPool2d(2),
            Flatten(),
            Linear(32 * 2 * 2, 64, rng=rng, dtype=f32),
            ReLU(),
            Linear(64, 10, rng=rng, dtype=f32),
        ]
    )


def train(
    network: CNN, train: Split, test: Split, rng: np.random.Generator, *, epochs: int, batch: int = 32
) -> Iterator[History]:
    """Train by SGD with momentum, yielding the history after every epoch."""
    loss, history = CrossEntropyLoss(), History()
    for _ in range(epochs):
        losses = []
        for rows in np.array_split(rng.permutation(len(train.x)), len(train.x) // batch):
            losses.append(loss.forward(network.forward(train.x[rows]), train.labels[rows]))
            network.backward(loss.backward())
            network.step(lr=0.02, momentum=0.9)
        logits = network.forward(test.x)
        history.train_loss.append(float(np.mean(losses)))
        history.test_loss.append(cross_entropy_forward(logits, test.labels))
        history.test_accuracy.append(float((logits.argmax(axis=1) == test.labels).mean()))
        yield history


def draw_history(history: History, path: Path) -> None:
    """Draw loss and accuracy against the epoch."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = np.arange(1, len(history.train_loss) + 1)
    left.semilogy(epochs, history.train_loss, label="training")
    left.semilogy(epochs, history.test_loss, label="held out")
    left.set(xlabel="epoch", ylabel="mean cross-entropy")
    left.legend()
    right.plot(epochs, 100 * np.array(history.test_accuracy), color="tab:green")
    right.set(xlabel="epoch", ylabel="accuracy on held-out digits, %")
    figure.savefig(path, dpi=150)


def draw_filters(weight: Array, path: Path) -> None:
    """Draw the kernels of the first convolution: red is positive, blue negative, white zero."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 2), layout="constrained")
    limit = float(np.abs(weight).max())
    for axes, kernel in zip(figure.subplots(2, len(weight) // 2).flat, weight[:, 0], strict=True):
        picture = axes.imshow(kernel, cmap="RdBu_r", vmin=-limit, vmax=limit)
        axes.set(xticks=[], yticks=[])
    figure.colorbar(picture, ax=figure.axes, label="weight")
    figure.savefig(path, dpi=150)


def main(arguments: list[str] | None = None) -> None:
    """Train, print the accuracy on the held-out fifth, and save the two pictures."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    parser = argparse.ArgumentParser(prog="python -m cnn_reference.train", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("results/train"), help="where pictures go")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)

    if find_spec("matplotlib") is None:
        raise SystemExit("the pictures need matplotlib: pip install 'conv-grader[plot]'")
    rng = np.random.default_rng(options.seed)
    try:
        digits, held_out = load_digits(rng)
    except FileNotFoundError as error:
        raise SystemExit(str(error)) from None
    network = lenet(rng)
    columns = TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()
    with Progress(*columns) as progress:
        task = progress.add_task("training", total=options.epochs)
        for history in train(network, digits, held_out, rng, epochs=options.epochs):
            described = f"loss {history.train_loss[-1]:.4f}  accuracy {history.test_accuracy[-1]:.1%}"
            progress.update(task, advance=1, description=described)
    first = network.layers[0]
    assert isinstance(first, Conv2d)
    options.output.mkdir(parents=True, exist_ok=True)
    draw_history(history, options.output / "history.png")
    draw_filters(first.weight, options.output / "filters.png")
    print(f"accuracy on {len(held_out.x)} held-out digits: {history.test_accuracy[-1]:.2%}")
    print(f"pictures: {options.output / 'history.png'}, {options.output / 'filters.png'}")


if __name__ == "__main__":
    main()
