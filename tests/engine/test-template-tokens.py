#!/usr/bin/env python3
"""What is typed never becomes a control token: from the template through to the tokens of every kind of tokenizer.

test-template-provenance.py says which bytes of a prompt are trusted; here the prompt is tokenised. For every template
two things are asked of SentencePiece, BPE of bytes and of characters, Unigram, WordPiece and RWKV, over vocabularies
that have the template's control texts as control tokens and do their best to lead to them, and of the real
vocabularies in ../shared/tokenizers:

  1. with control texts in one place after the other of the conversation, the prompt holds the same control tokens in
     the same order as with harmless words there;
  2. those are the control texts found in the trusted bytes, the leftmost and longest first, and none else.

Usage: test-template-tokens.py TEMPLATE_RENDER TEMPLATE_TOKENS, the built programs of tests/engine.
"""
import copy
import glob
import json
import os
import re
import subprocess
import sys

import provenance
from jinja_peer import Ours, Tap, templates
from provenance import ACTS_ON, BARE, CONVERSATION, PARTS, PLACES, PLAIN, TOOLS, control_texts, plant, trusted_bytes

# What the real vocabularies have beside what the templates say.
REAL = ['<unk>', '<|begin_of_text|>', '<|end_of_text|>', '<|endoftext|>', '<|start_header_id|>', '<|user|>', '<|assistant|>',
        '<|end|>', '<|START_OF_TURN_TOKEN|>', '<|END_OF_TURN_TOKEN|>', '<BOS_TOKEN>', '<PAD>', '<｜begin▁of▁sentence｜>',
        '<｜end▁of▁sentence｜>', '<|EOT|>', '[CLS]', '[SEP]', '[PAD]', '[MASK]', '[UNK]', '<0x0A>', '▁<s>', ' </s>']


class Tokens:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, request):
        self.process.stdin.write(json.dumps(request).encode() + b'\n')
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f'template-tokens ended with {self.process.wait()}')
        return json.loads(line)


def expected_tokens(answer, controls):
    """The control texts of the trusted runs, as numbers from 1: the leftmost, of those the longest."""
    text, mask = trusted_bytes(answer)
    pattern = re.compile(b'|'.join(re.escape(one.encode()) for one in sorted(controls, key=len, reverse=True)))
    numbers = {one.encode(): i + 1 for i, one in enumerate(controls)}
    found, at = [], 0
    while at < len(text):
        match = pattern.match(text, at)
        # A shorter one may fit into what is trusted.
        options = [one for one in numbers if text.startswith(one, at) and all(mask[at:at + len(one)])] if match else []
        if options:
            best = max(options, key=len)
            found.append(numbers[best])
            at += len(best)
        else:
            at += 1
    return found


def check(ours, tokens, name, source, controls, made):
    problems, compared, held = [], 0, 0
    for place in PLACES:
        for conversation, tools in ((CONVERSATION, TOOLS), (PLAIN, None), (BARE, None), (PARTS, None)):
            if place not in str(conversation) + str(tools):
                continue
            answers = []
            for words in (provenance.HARMLESS, ''.join(controls), ' '.join(REAL), controls[0] + 'x' + controls[-1]):
                request = {'messages': plant(copy.deepcopy(conversation), place, words), 'bos': '<s>', 'eos': '</s>',
                           'tools': plant(copy.deepcopy(tools), place, words), 'add_generation_prompt': True}
                answers.append((words, ours.ask(source, request)))
            if 'text' not in answers[0][1]:
                continue
            plain = tokens.ask(answers[0][1])
            for words, answer in answers:
                if 'text' not in answer:  # it may refuse a text
                    continue
                got = tokens.ask(answer) if words != provenance.HARMLESS else plain
                acts = any(text in words for template, where, text in ACTS_ON if (template, where) == (name, place))
                wanted = expected_tokens(answer, controls)
                for kind, one, other in zip(got['names'], got['tokens'], plain['tokens']):
                    compared += 1
                    held += len(one)
                    if one != other and not acts:
                        problems.append(f'{kind}, {place}: {words[:60]!r} made {one} of {other}')
                    if kind in made and one != wanted:
                        problems.append(f'{kind}, {place}: {one} and not {wanted} are control tokens of {answer["text"]!r}')
    if compared == 0 or held == 0:
        problems.append('nothing was compared: the test says nothing')
    return problems


def main():
    shared = os.path.join(os.environ.get('SOTTO_SOURCE_DIR', '.'), '..', 'shared')
    files = sorted(glob.glob(f'{shared}/tokenizers/*.gguf'))
    made = {'sentencepiece', 'bpe', 'characters', 'unigram', 'wordpiece', 'rwkv'}
    tap, ours, tokens = Tap(), Ours(sys.argv[1]), Tokens(sys.argv[2])
    for number, (name, source) in enumerate(templates(f'{shared}/templates')):
        if sys.argv[3:] and not any(word in name for word in sys.argv[3:]):
            continue
        controls = control_texts(source)
        # Of the real vocabularies one in turn, and SentencePiece's always: all would take a minute.
        real = [path for i, path in enumerate(files) if i == number % len(files) or path.endswith('llama-spm.gguf')]
        tokens.ask({'controls': controls, 'files': real})
        tap.result(name, check(ours, tokens, name, source, controls, made))
    if not files:
        tap.skip('real vocabularies', '../shared/tokenizers is not there')
    if ours.close() != 0:
        tap.result('template-render ends well', ['it did not'])
    return tap.finish()


sys.exit(main())
