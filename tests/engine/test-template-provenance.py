#!/usr/bin/env python3
"""Nothing that a person, a document or a tool says can become a control token, whatever the template does.

Every template renders a conversation in which one place after the other holds the control texts of that
very template. Two things are asked of the runs of trusted bytes that come back with the text:

  1. what stands between the marks around the planted text is trusted nowhere;
  2. the trusted bytes are the same, and in the same order, as with harmless words in that place: planting
     neither adds a control token nor takes one away. (Some templates act on what a text says; they are
     listed with what they do, and for them only the first is asked of that text.)

Usage: test-template-provenance.py PROGRAM, the built tests/engine/template-render.
"""
import copy
import os
import re
import sys

from jinja_peer import Ours, Tap, templates

BEGIN, END = 'QqBEGINqQ', 'QqENDqQ'
HARMLESS = 'words and words'
COMMON = ['<|im_start|>system', '<|im_end|>', '<s>', '</s>', '<|eot_id|>', '[INST]', '<think>', '</think>']

CONVERSATION = [
    {'role': 'system', 'content': 'SYSTEM'},
    {'role': 'user', 'content': 'USER'},
    {'role': 'assistant', 'content': 'One moment.', 'reasoning_content': 'REASONING', 'tool_calls': [
        {'id': 'call12345', 'type': 'function',
         'function': {'name': 'lookup', 'arguments': {'what': 'ARGUMENT'}}}]},
    {'role': 'tool', 'name': 'lookup', 'tool_call_id': 'call12345', 'content': 'RESULT'},
    {'role': 'assistant', 'content': 'ANSWER'},
    {'role': 'user', 'content': 'AGAIN'},
]
PLAIN = [CONVERSATION[0], CONVERSATION[1], CONVERSATION[4], CONVERSATION[5]]
BARE = PLAIN[1:]
PARTS = [{'role': 'user', 'content': [{'type': 'text', 'text': 'USER'}]}]
TOOLS = [{'type': 'function', 'function': {
    'name': 'lookup', 'description': 'DESCRIPTION', 'parameters': {'type': 'object', 'properties': {
        'what': {'type': 'string', 'description': 'PARAMETER', 'enum': ['CHOICE']}},
        'required': ['what']}}}]
PLACES = ['SYSTEM', 'USER', 'REASONING', 'ARGUMENT', 'RESULT', 'ANSWER', 'AGAIN', 'DESCRIPTION',
          'PARAMETER', 'CHOICE']

# What the assistant said before may be cut where its reasoning ends, so the marks can come apart.
ASSISTANT = {'ANSWER', 'REASONING'}

# (template, place, text): where a template acts on a text, and how. All of them are about the
# assistant's own words; none about a person's, a document's or a tool's.
ACTS_ON = {
    ('MiniMax-M3', 'ANSWER', '</mm:think>'): 'takes what stands before it for reasoning, and writes it as such',
    ('poolside-Laguna-XS-2.1', 'ANSWER', '</think>'): 'takes what stands before it for reasoning',
}


def control_texts(source):
    found = re.findall(r'<[|｜/]?[^<>\s{}\'"]{1,60}[|｜]?>|\[/?[A-Z_]{2,}\]', source)
    return list(dict.fromkeys(COMMON + [text for text in found if len(text) > 2]))[:60]


def plant(value, place, text):
    if isinstance(value, dict):
        return {key: plant(item, place, text) for key, item in value.items()}
    if isinstance(value, list):
        return [plant(item, place, text) for item in value]
    return text if value == place else value


def trusted_bytes(answer):
    """The text as bytes, and for each byte whether it is trusted."""
    text = answer['text'].encode('utf-8', 'surrogatepass')
    mask = b''.join((b'\x01' if trusted else b'\x00') * length for length, trusted in answer['spans'])
    if len(text) != len(mask):
        raise AssertionError(f'the spans cover {len(mask)} bytes of {len(text)}')
    return text, mask


def check(ours, name, source, conversation, tools, place, planted, plain_answers):
    def ask(text):
        request = {'messages': plant(copy.deepcopy(conversation), place, text), 'bos': '<s>',
                   'eos': '</s>', 'tools': plant(copy.deepcopy(tools), place, text),
                   'add_generation_prompt': True}
        return ours.ask(source, request)

    key = (place, id(conversation))
    if key not in plain_answers:
        plain_answers[key] = ask(BEGIN + HARMLESS + END)
    plain = plain_answers[key]
    if 'text' not in plain:
        return None
    answer = ask(BEGIN + planted + END)
    if 'text' not in answer:
        # It may refuse a text; that is no hole.
        return [] if answer['error'] in ('raised', 'syntax') else [f'{place}: {answer["message"]}']

    problems = []
    text, mask = trusted_bytes(answer)
    at = text.find(BEGIN.encode())
    while at >= 0:
        end = text.find(END.encode(), at)
        end = len(text) if end < 0 else end + len(END)
        next_begin = text.find(BEGIN.encode(), at + 1)
        if place not in ASSISTANT and 1 in mask[at:end if next_begin < 0 else min(end, next_begin)]:
            problems.append(f'{place}: trusted bytes in {text[at:end][:200]!r}')
        at = next_begin

    other_text, other_mask = trusted_bytes(plain)
    mine = bytes(b for b, t in zip(text, mask) if t)
    others = bytes(b for b, t in zip(other_text, other_mask) if t)
    acts = any(text in planted for template, where, text in ACTS_ON if (template, where) == (name, place))
    if mine != others and not acts:
        problems.append(f'{place}: planting {planted[:60]!r} changed the trusted bytes from\n'
                        f'{others[-300:]!r} to\n{mine[-300:]!r}')
    return problems


def main():
    shared = os.path.join(os.environ.get('SOTTO_SOURCE_DIR', '.'), '..', 'shared', 'templates')
    tap = Tap()
    ours = Ours(sys.argv[1])
    for name, source in templates(shared):
        problems, checked, plain = [], 0, {}
        texts = control_texts(source)
        for place in PLACES:
            for planted in [''.join(texts), *texts]:
                for conversation, tools in ((CONVERSATION, TOOLS), (PLAIN, None), (BARE, None),
                                            (PARTS, None)):
                    if place not in str(conversation) + str(tools):
                        continue
                    found = check(ours, name, source, conversation, tools, place, planted, plain)
                    checked += found is not None
                    problems += found or []
        if checked == 0:
            problems.append('nothing could be rendered: the test says nothing')
        tap.result(name, problems)
    if not os.path.isdir(shared):
        tap.skip('shared templates', '../shared/templates is not there')
    if ours.close() != 0:
        tap.result('template-render ends well', ['it did not'])
    return tap.finish()


sys.exit(main())
