"""Files in every block type that llama.cpp can make, out of one F32 copy."""
import ctypes
import os

import gguf
import llama_cpp as c

import llama

# The name of a block type in GGUF: llama.cpp's number of the file type that is made of it.
TYPES = {"F16": 1, "BF16": 32, "Q4_0": 2, "Q4_1": 3, "Q5_0": 8, "Q5_1": 9, "Q8_0": 7, "Q2_K": 10,
         "Q3_K": 12, "Q4_K": 15, "Q5_K": 17, "Q6_K": 18, "IQ1_S": 24, "IQ1_M": 31, "IQ2_XXS": 19,
         "IQ2_XS": 20, "IQ2_S": 29, "IQ3_XXS": 23, "IQ3_S": 26, "IQ4_NL": 25, "IQ4_XS": 30, "TQ1_0": 36,
         "TQ2_0": 37, "MXFP4": 38, "NVFP4": 39}


@c.llama_log_callback
def _silent(level, text, data):
    """It warns of each matrix that takes another type; types_in() says so too."""


def importance(reader):
    """An importance matrix in which all is as important, for the types that insist on one."""
    entries, kept = [], []
    for tensor in reader.tensors:
        if len(tensor.shape) < 2:
            continue
        count = int(tensor.shape[0]) * (int(tensor.shape[2]) if len(tensor.shape) > 2 else 1)
        ones = (ctypes.c_float * count)(*[1.0] * count)
        kept.append(ones)
        entries.append(c.llama_model_imatrix_data(tensor.name.encode(), ones, count))
    entries.append(c.llama_model_imatrix_data(None, None, 0))
    return (c.llama_model_imatrix_data * len(entries))(*entries), kept


def write(source, target, name):
    """@source in F32. Every matrix becomes that type, or where its rows are no whole number of such
    blocks, what llama.cpp takes in its place. False: it can't make such a file."""
    params = c.llama_model_quantize_default_params()
    params.ftype, params.allow_requantize, params.pure = TYPES[name], True, True
    params.nthread = len(os.sched_getaffinity(0))
    matrix, kept = importance(gguf.GGUFReader(source))
    params.imatrix = matrix
    c.llama_log_set(_silent, ctypes.c_void_p(0))
    done = c.llama_model_quantize(source.encode(), target.encode(), ctypes.byref(params)) == 0
    c.llama_log_set(llama._quiet, ctypes.c_void_p(0))
    return done and os.path.exists(target)


def types_in(path):
    """The block types of a file's matrices."""
    return {tensor.tensor_type.name for tensor in gguf.GGUFReader(path).tensors if len(tensor.shape) > 1}
