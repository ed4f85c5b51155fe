#!/usr/bin/env python3
"""Real vocabularies beside the tokenizers library, on made-up text in many scripts: the same ids, and
the text comes back, whole and as a stream (TAP).

The library's tokenizers are built from the GGUF files' own vocabularies, by the recipe of the models'
tokenizer.json. Broken UTF-8 reaches the library as U+FFFD, as Python decodes it.

test-tokenizer-peer.py TOKENIZE_LINES
"""
import glob
import os
import random
import re
import subprocess
import sys
import unicodedata

here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{here}/peer", f"{here}/fixtures"]
import peer

if not peer.ready():
    print("1..0 # SKIP the peer is not prepared (tests/engine/peer/prepare makes it)")
    sys.exit(0)
peer.enter()

import gguf
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

import importlib
rules = importlib.import_module("make-bpe")

SHARED = os.path.join(os.environ.get("SOTTO_SOURCE_DIR", "."), "..", "shared", "tokenizers")
N_TEXTS = 1500

SCRIPTS = {
    "Polish": "Zażółć gęślą jaźń, pchnąć w tę łódź jeża lub ośm skrzyń fig. Cześć!",
    "Serbian": "Љубазни фењерџија чађавог лица хоће да ми покаже штос. Ljubazni fenjerdžija čađavog lica.",
    "Russian": "Съешь же ещё этих мягких французских булок, да выпей чаю. Ёж №5",
    "Chinese": "我想在公园里散步，今天天气很好。繁體中文也行！「引號」、１２３",
    "Japanese": "いろはにほへと ちりぬるを カタカナ、漢字も使います。ｱｲｳ",
    "Korean": "다람쥐 헌 쳇바퀴에 타고파. 안녕하세요?",
    "Arabic": "السلام عليكم، كيف حالك؟ ١٢٣ لا إله",
    "Hebrew": "שלום עולם, מה שלומך היום? שָׁלוֹם",
    "Hindi": "नमस्ते दुनिया, यह एक परीक्षा है। क्षत्रिय १२३",
    "Thai": "สวัสดีชาวโลก ภาษาไทย ๑๒๓",
    "Khmer": "កាន់តែពិសេសអាចខលចេញ",
    "Greek": "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. ΑΒΓ ς",
    "Vietnamese": "Cửa Việt, tiếng Việt có dấu: ố ồ ổ ỗ ộ",
    "Turkish": "İstanbul ılık, Iğdır'da İI ıi",
    "emoji": "👨‍👩‍👧‍👦 😶‍🌫️ 🏳️‍🌈 🇵🇱🇷🇸 👍🏽 ✅ ❤️ 🚀 1️⃣",
    "code": "if (p == NULL || *p != '\\0') { return x[i++] << 2; } // ok\n\tfor i in range(10):\n        print(f\"{i:02x}\")\n",
    "English": "I've been 'told he's there; DON'T, we'll 3.14159 1000000 HTTPServer e-mail@x.org <b>hi</b> ",
    "marks": "e\u0301 a\u030a\u0323 \u200d \ufeff \u00ad \u2028 \u00a0 \u3000 \u202e ½ ² Ⅷ ﬁ ｶﾞ \u0915\u093c",
    "control": "<s></s><|im_start|><|im_end|><start_of_turn>[INST]<unk><pad>[CLS][UNK]<0x0A><bos><eos>",
}
SPACES = [" ", "  ", "   ", "\n", "\n\n", "\t", "\r\n", "      ", "\n\n\n ", "▁", " ▁"]
BROKEN = [b"\xff", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\xed\xa0\x80", b"\xc0\x80", b"\x80", b"\xf5"]


def make_texts(rng, n):
    everything = [line for line in SCRIPTS.values()]
    # What every version of Unicode says the same of: the library's is older than ours.
    old = unicodedata.ucd_3_2_0
    settled = [chr(c) for c in range(0x20, 0x2fa20)
               if old.category(chr(c)) not in ("Cn", "Cs", "Co", "Cc")
               and old.category(chr(c)) == unicodedata.category(chr(c))]
    for text in everything:
        yield text.encode()
    for _ in range(n):
        parts = []
        for _ in range(rng.randint(1, 8)):
            kind = rng.random()
            line = rng.choice(everything)
            if kind < 0.55:
                start = rng.randrange(len(line))
                parts.append(line[start:start + rng.randint(1, 24)].encode())
            elif kind < 0.70:
                parts.append(rng.choice(SPACES).encode())
            elif kind < 0.80:
                parts.append("".join(rng.choice(line) for _ in range(rng.randint(1, 9))).encode())
            elif kind < 0.93:
                parts.append("".join(rng.choice(settled) for _ in range(rng.randint(1, 4))).encode())
            else:
                parts.append(rng.choice(BROKEN))
        yield b"".join(parts)


class Vocabulary:
    def __init__(self, path):
        fields = gguf.GGUFReader(path).fields

        def get(name, default=None):
            field = fields.get(f"tokenizer.ggml.{name}")
            return default if field is None else field.contents()
        self.model = get("model")
        self.pre = get("pre")
        self.tokens = get("tokens")
        self.merges = get("merges", [])
        self.scores = get("scores", [])
        self.types = get("token_type")
        self.space_prefix = get("add_space_prefix", True)
        self.unknown = get("unknown_token_id")
        self.bos = get("bos_token_id")
        # Runs of spaces that are tokens of their own stand as spaces in the file, and the library has
        # no way to say that U+2581 is the same.
        self.has_runs = any(kind == 4 and token.isspace() and " " in token
                            for token, kind in zip(self.tokens, self.types))

    def add_user_defined(self, tokenizer):
        # Phi-3 marks </s> so; beside <s> it is a control token here, which text does not lead to.
        control = {"</s>"} if self.bos is not None and self.tokens[self.bos] == "<s>" else {}
        tokenizer.add_tokens([AddedToken(token, normalized=False) for token, kind in
                              zip(self.tokens, self.types) if kind == 4 and token not in control])


def make_bpe(v):
    ids = {token: i for i, token in reversed(list(enumerate(v.tokens)))}
    tokenizer = Tokenizer(models.BPE(vocab=ids, merges=[tuple(m.split(" ")) for m in v.merges],
                                     ignore_merges=v.pre in rules.WHOLE_WORDS))
    tokenizer.pre_tokenizer = rules.cut(rules.RULES[rules.ALIASES.get(v.pre, v.pre)])
    if v.pre in rules.COMPOSES:
        tokenizer.normalizer = normalizers.NFC()
    v.add_user_defined(tokenizer)
    return tokenizer


def make_sentencepiece(v):
    """As transformers converts one: two tokens merge where their text together is a token, higher
    scores first."""
    ids = {token: i for i, token in enumerate(v.tokens)}
    plain = {token for token, kind in zip(v.tokens, v.types) if kind in (1, 4)}
    merges = []
    for token in plain:
        halves = [(token[:i], token[i:]) for i in range(1, len(token))]
        merges += [(ids[left], ids[right], ids[token]) for left, right in halves
                   if left in plain and right in plain]
    merges = [merge for merge in merges if v.types[merge[2]] == 1]
    merges.sort(key=lambda m: (-v.scores[m[2]], m[2], m[0], m[1]))
    tokenizer = Tokenizer(models.BPE(
        vocab=ids, merges=[(v.tokens[left], v.tokens[right]) for left, right, _ in merges],
        unk_token=v.tokens[v.unknown], fuse_unk=True, byte_fallback=True))
    steps = [normalizers.Prepend("▁")] if v.space_prefix else []
    tokenizer.normalizer = normalizers.Sequence(steps + [normalizers.Replace(" ", "▁")])
    v.add_user_defined(tokenizer)
    return tokenizer


def make_wordpiece(v):
    """GGUF marks what begins a word, BERT what does not."""
    ids = {token[1:] if token.startswith("▁") else token if kind != 1 else "##" + token: i
           for i, (token, kind) in enumerate(zip(v.tokens, v.types))}
    tokenizer = Tokenizer(models.WordPiece(vocab=ids, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


MAKERS = {"gpt2": make_bpe, "llama": make_sentencepiece, "bert": make_wordpiece}


def ask(program, path, texts):
    lines = "".join(text.hex() + "\n" for text in texts)
    out = subprocess.run([program, path], input=lines, capture_output=True, text=True, timeout=600)
    if out.returncode != 0:
        raise AssertionError(out.stderr)
    return out.stdout.splitlines()


def expected_back(vocabulary, text):
    """The text itself, but for U+2581, which SentencePiece takes for a space, and bytes that some
    vocabularies have no token for; no character needs those."""
    if vocabulary.model == "llama":
        return text.replace("▁".encode(), b" ")
    if vocabulary.pre == "deepseek-coder":
        return re.sub(rb"[\xc0\xc1\xf5-\xff]", b"", text)
    return text


def compare(program, path, texts):
    vocabulary = Vocabulary(path)
    tokenizer = MAKERS[vocabulary.model](vocabulary)
    problems = []
    # The library is given text; of broken bytes ours keeps more than U+FFFD.
    whole = [text.decode("utf-8", "replace") for text in texts]
    if vocabulary.has_runs:
        whole = [text.replace("▁", " ") for text in whole]
    for text, line in zip(whole, ask(program, path, [text.encode() for text in whole])):
        ids, back = line.split("|")
        wanted = " ".join(map(str, tokenizer.encode(text, add_special_tokens=False).ids))
        if ids != wanted:
            problems.append(f"{text!r}:\n got {ids}\n not {wanted}")
        elif "STREAM" in back:
            problems.append(f"{text!r}: the stream says something else than the whole")
    for text, line in zip(texts, ask(program, path, texts)):
        ids, back = line.split("|")
        if "CONTROL" in ids or "STREAM" in back:
            problems.append(f"{text!r}: {line}")
        elif vocabulary.model != "bert" and vocabulary.pre not in rules.COMPOSES and \
                bytes.fromhex(back) != expected_back(vocabulary, text):
            problems.append(f"{text!r} comes back as {bytes.fromhex(back)!r}")
    return problems


def check_names():
    """Pre-tokenizers that llama.cpp reads and fixtures/pre-tokenizers.txt lacks; None where no source lies here
    (families/prepare keeps one)."""
    sources = glob.glob(f"{peer.cache()}/families-*/llama.cpp/src/llama-vocab.cpp")
    if not sources:
        return None
    with open(max(sources, key=os.path.getmtime), encoding="utf-8") as file:
        names = set(re.findall(r'tokenizer_pre == "([^"]+)"', file.read()))
    with open(f"{here}/fixtures/pre-tokenizers.txt", encoding="utf-8") as file:
        ours = {line.split()[0] for line in file if line.strip() and not line.startswith("#")}
    assert len(names) > 80
    return sorted(names - ours - {"whitespace"})


def main():
    files = [(name, os.path.join(SHARED, f"{name}.gguf")) for name in
             ("gpt-2", "llama-bpe", "qwen2", "deepseek-coder", "command-r", "llama-spm", "phi-3", "bert-bge")]
    files += [(os.path.basename(path), path) for path in peer.models(development=True).values()
              if "gemma" in path]
    texts = list(make_texts(random.Random(20261121), N_TEXTS))
    failed = 0
    print(f"1..{len(files) + 1}")
    for number, (name, path) in enumerate(files, 1):
        if not os.path.exists(path):
            print(f"ok {number} {name} # SKIP {path} is not there")
            continue
        problems = compare(sys.argv[1], path, texts)
        for problem in problems[:8]:
            print("# " + problem.replace("\n", "\n# "))
        failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {number} {name}" + (f" # {len(problems)}" if problems else ""))
    missing = check_names()
    failed += bool(missing)
    print(f"{'not ok' if missing else 'ok'} {len(files) + 1} every pre-tokenizer's name is known"
          + (" # SKIP there is no source of llama.cpp" if missing is None else f" # {missing}" if missing else ""))
    return 1 if failed else 0


sys.exit(main())
