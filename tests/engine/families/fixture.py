"""Reads what make.py wrote."""
import glob
import os

import numpy

here = os.path.dirname(os.path.abspath(__file__))
KINDS = ("logits", "states", "pooled")


def read(path):
    """The token ids of a prompt, and the rows that a model must give for it."""
    with open(path, "rb") as file:
        n_tokens, n_rows, n_columns = numpy.frombuffer(file.read(12), "<u4")
        tokens = numpy.frombuffer(file.read(4 * n_tokens), "<i4").tolist()
        rows = numpy.frombuffer(file.read(4 * n_rows * n_columns), "<f4")
        assert not file.read(1), f"{path} is longer than it says"
    return tokens, rows.reshape(n_rows, n_columns)


def all_of(folder=here):
    """Name, case, kind and file of every fixture; a case is '' or what stands behind the name."""
    for model in sorted(glob.glob(f"{folder}/*.gguf")):
        name = os.path.basename(model).removesuffix(".gguf")
        for path in sorted(glob.glob(f"{folder}/{name}.*")):
            rest = os.path.basename(path)[len(name) + 1:].split(".")
            if rest[-1] in KINDS:
                yield name, ".".join(rest[:-1]), rest[-1], path
