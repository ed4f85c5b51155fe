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
import sys

from jinja_peer import Ours, Tap, templates
from provenance import (ACTS_ON, ASSISTANT, BARE, BEGIN, CONVERSATION, END, HARMLESS, PARTS, PLACES, PLAIN, TOOLS,
                        control_texts, plant, trusted_bytes)


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
