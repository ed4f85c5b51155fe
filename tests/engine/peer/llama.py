"""As much of llama.cpp as an oracle needs: tokens, logits, greedy text, and a copy in F32."""
import ctypes
import os

import numpy
import llama_cpp as c

F32, F16 = 0, 1  # enum ggml_type


@c.llama_log_callback
def _quiet(level, text, data):
    """llama.cpp tells a lot about itself; only warnings (3) and errors (4) are of interest."""
    if level in (3, 4) and b"n_ctx" not in text and b"control-looking" not in text:
        os.write(2, text)


c.llama_log_set(_quiet, ctypes.c_void_p(0))
c.llama_backend_init()


class Model:
    def __init__(self, path):
        self.path = path
        self.model = c.llama_model_load_from_file(path.encode(), c.llama_model_default_params())
        if not self.model:
            raise SystemExit(f"llama.cpp can't open {path}")
        self.vocabulary = c.llama_model_get_vocab(self.model)
        self.size = c.llama_vocab_n_tokens(self.vocabulary)

    def close(self):
        c.llama_model_free(self.model)

    def tokenize(self, text, special=False, begin=True):
        """special: control tokens are recognised in the text; begin: BOS, where the model has one."""
        data = text.encode()
        ids = (c.llama_token * (len(data) + 8))()
        count = c.llama_tokenize(self.vocabulary, data, len(data), ids, len(ids), begin, special)
        assert count >= 0
        return list(ids[:count])

    def piece(self, token):
        data = ctypes.create_string_buffer(256)
        count = c.llama_token_to_piece(self.vocabulary, token, data, len(data), 0, True)
        return data.raw[:count]

    def is_end(self, token):
        return c.llama_vocab_is_eog(self.vocabulary, token)

    def context(self, tokens, exact=False, threads=None):
        """exact: nothing is rounded on the way (F32 KV cache, plain attention); else the defaults."""
        params = c.llama_context_default_params()
        params.n_ctx = tokens
        params.n_batch = params.n_ubatch = max(tokens, 512)
        params.n_threads = params.n_threads_batch = threads or len(os.sched_getaffinity(0))
        if exact:
            params.type_k = params.type_v = F32
            params.flash_attn_type = c.LLAMA_FLASH_ATTN_TYPE_DISABLED
        context = c.llama_init_from_model(self.model, params)
        assert context
        return context

    def logits(self, tokens, exact=False):
        """The logits after every token: float32, tokens x vocabulary."""
        context = self.context(len(tokens), exact)
        batch = c.llama_batch_init(len(tokens), 0, 1)
        batch.n_tokens = len(tokens)
        for i, token in enumerate(tokens):
            batch.token[i], batch.pos[i], batch.logits[i] = token, i, 1
            batch.n_seq_id[i], batch.seq_id[i][0] = 1, 0
        assert c.llama_decode(context, batch) == 0
        rows = [numpy.ctypeslib.as_array(c.llama_get_logits_ith(context, i), (self.size,)).copy()
                for i in range(len(tokens))]
        c.llama_batch_free(batch)
        c.llama_free(context)
        return numpy.stack(rows)

    def greedy(self, tokens, count, exact=False):
        """The tokens of the greedy answer, and for each how far the runner-up's logit lay below."""
        context = self.context(len(tokens) + count, exact)
        answer, margins = [], []
        step = list(tokens)
        while len(answer) < count:
            ids = (c.llama_token * len(step))(*step)
            assert c.llama_decode(context, c.llama_batch_get_one(ids, len(step))) == 0
            row = numpy.ctypeslib.as_array(c.llama_get_logits_ith(context, -1), (self.size,))
            second, best = numpy.argpartition(row, -2)[-2:]
            if row[second] > row[best]:
                second, best = best, second
            answer.append(int(best))
            margins.append(float(row[best] - row[second]))
            if self.is_end(answer[-1]):
                break
            step = [answer[-1]]
        c.llama_free(context)
        return answer, margins


def write_f32_copy(source, target):
    """The same weights, dequantised: what the file says, with nothing left to approximate."""
    params = c.llama_model_quantize_default_params()
    params.ftype = c.LLAMA_FTYPE_ALL_F32
    params.allow_requantize = True
    params.nthread = len(os.sched_getaffinity(0))
    if c.llama_model_quantize(source.encode(), target.encode(), ctypes.byref(params)) != 0:
        raise SystemExit(f"llama.cpp can't dequantise {source}")
