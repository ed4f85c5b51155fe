#!/usr/bin/env python3
"""Every chat template, over a matrix of conversations, as jinja2 renders it: to the byte, or both refuse.

Usage: test-template-jinja2.py PROGRAM, the built tests/engine/template-render. The templates are the two
starters' in fixtures/ and, where it is there, all of ../shared/templates.
"""
import itertools
import os
import sys

from jinja_peer import Ours, Tap, render_jinja2, templates

TOOLS = [
    {'type': 'function', 'function': {
        'name': 'get_weather', 'description': 'The weather "here" & <there>.\nZażółć 🙂',
        'parameters': {'type': 'object', 'required': ['city'], 'properties': {
            'city': {'type': 'string', 'description': 'A city', 'enum': ['Łódź', 'Paris']},
            'days': {'type': 'integer', 'default': 3, 'description': 'How many'},
            'exact': {'type': 'boolean', 'default': False},
            'limits': {'type': 'array', 'items': {'type': 'number'}, 'description': 'Limits'},
            'where': {'type': 'object', 'properties': {'lat': {'type': 'number'},
                                                       'lon': {'type': ['number', 'null']}}}}},
        'return': {'type': 'string', 'description': 'Text'}}},
    {'type': 'function', 'function': {
        'name': 'noop', 'description': 'Nothing', 'parameters': {'type': 'object', 'properties': {}}}},
]


def call(arguments, name='get_weather', identity='call12345'):
    return {'id': identity, 'type': 'function', 'function': {'name': name, 'arguments': arguments}}


USER = {'role': 'user', 'content': 'What is 2 < 3 & "so" on?\n  Zażółć gęślą jaźń 🙂 '}
SYSTEM = {'role': 'system', 'content': ' You are a test.\n'}
ANSWER = {'role': 'assistant', 'content': 'An answer.'}
AGAIN = {'role': 'user', 'content': 'And then?'}
RESULT = {'role': 'tool', 'name': 'get_weather', 'tool_call_id': 'call12345',
          'content': '{"temperature": 21.5, "sky": "clear"}'}
ARGUMENTS = {'city': 'Łódź', 'days': 2, 'exact': True, 'limits': [1.5, 2], 'where': {'lat': 51.8}}

CONVERSATIONS = {
    'one turn': [USER],
    'system': [SYSTEM, USER],
    'developer': [{'role': 'developer', 'content': 'Be short.'}, USER],
    'turns': [SYSTEM, USER, ANSWER, AGAIN, {'role': 'assistant', 'content': ' Then.\n\n'}, AGAIN],
    'assistant last': [USER, ANSWER],
    'empty': [{'role': 'user', 'content': ''}],
    'no messages': [],
    'null content': [USER, {'role': 'assistant', 'content': None}, AGAIN],
    'missing content': [USER, {'role': 'assistant'}, AGAIN],
    'two users': [USER, AGAIN],
    'assistant first': [ANSWER, USER],
    'unknown role': [{'role': 'ghost', 'content': 'boo'}, USER],
    'parts': [SYSTEM, {'role': 'user', 'content': [{'type': 'text', 'text': 'Look: '},
                                                   {'type': 'text', 'text': 'again'}]}],
    'image': [{'role': 'user', 'content': [
        {'type': 'image'}, {'type': 'image_url', 'image_url': {'url': 'data:x'}},
        {'type': 'text', 'text': 'What is it?'}]}],
    'system parts': [{'role': 'system', 'content': [{'type': 'text', 'text': 'Be.'}]}, USER],
    'think in content': [USER, {'role': 'assistant', 'content': '<think>\nhm\n</think>\n\nYes.'}, AGAIN],
    'reasoning': [USER, {'role': 'assistant', 'content': 'Yes.', 'reasoning_content': 'Hm, well.'}, AGAIN],
    'thinking': [USER, {'role': 'assistant', 'content': 'Yes.', 'thinking': 'Hm, well.'}, AGAIN],
    'tool call': [SYSTEM, USER, {'role': 'assistant', 'content': '', 'tool_calls': [call(ARGUMENTS)]}],
    'tool call as text': [USER, {'role': 'assistant', 'content': None,
                                 'tool_calls': [call('{"city": "Łódź", "days": 2}')]}, RESULT],
    'tool result': [SYSTEM, USER,
                    {'role': 'assistant', 'content': 'One moment.', 'tool_calls': [call(ARGUMENTS)]},
                    RESULT, {'role': 'assistant', 'content': 'It is clear.'}, AGAIN],
    'two tool calls': [USER, {'role': 'assistant', 'content': None, 'reasoning_content': 'Both.',
                              'tool_calls': [call(ARGUMENTS, identity='call00001'),
                                             call({}, 'noop', 'call00002')]},
                       {**RESULT, 'tool_call_id': 'call00001'},
                       {'role': 'tool', 'name': 'noop', 'tool_call_id': 'call00002', 'content': ''},
                       {'role': 'assistant', 'content': 'Done.'}],
    'result parts': [USER, {'role': 'assistant', 'content': '', 'tool_calls': [call(ARGUMENTS)]},
                     {**RESULT, 'content': [{'type': 'text', 'text': 'clear'}]}],
    'result mapping': [USER, {'role': 'assistant', 'content': '', 'tool_calls': [call(ARGUMENTS)]},
                       {**RESULT, 'content': 'x' * 50}, AGAIN],
}

EXTRAS = [None, {'enable_thinking': True}, {'enable_thinking': False, 'reasoning_effort': 'high'},
          {'thinking': True, 'custom_system_prompt': 'Mine.', 'tools_in_user_message': False,
           'builtin_tools': ['browser', 'code_interpreter'], 'date_string': '26 Jul 2024',
           'documents': [{'title': 'T', 'text': 'One.'}], 'controls': {'length': 'long'}}]


def requests():
    for (name, messages), tools, prompt, extra in itertools.product(
            CONVERSATIONS.items(), (None, TOOLS, []), (False, True), EXTRAS):
        # The full product only where it says more: extras with one setting of the prompt.
        if extra is not None and (not prompt or tools == []):
            continue
        label = f'{name}{", tools" if tools else ", no tools" if tools == [] else ""}'
        label += f'{", prompt" if prompt else ""}{f", {sorted(extra)}" if extra else ""}'
        yield label, {'messages': messages, 'tools': tools, 'extra': extra, 'bos': '<s>',
                      'eos': '</s>', 'add_generation_prompt': prompt}
    yield 'no bos and eos', {'messages': CONVERSATIONS['turns']}


def first_difference(expected, got):
    if expected[0] != got[0] or expected[0] != 'text':
        return f'expected {expected[0]}: {expected[1][:200]!r}\ngot {got[0]}: {got[1][:200]!r}'
    at = next((i for i, (a, b) in enumerate(zip(expected[1], got[1])) if a != b),
              min(len(expected[1]), len(got[1])))
    return (f'at character {at}: expected {expected[1][max(0, at - 40):at + 40]!r}\n'
            f'got {got[1][max(0, at - 40):at + 40]!r}')


def compare(ours, source):
    problems, rendered = [], 0
    for label, request in requests():
        expected = render_jinja2(source, request)
        got = ours.render(source, request)
        rendered += expected[0] == 'text'
        # What jinja2 or Python find wrong has words of its own; a refusal of the template's has not.
        if expected[0] != got[0] or (expected[0] != 'error' and expected[1] != got[1]):
            problems.append(f'{label}: {first_difference(expected, got)}')
    if rendered == 0:
        problems.append('nothing was rendered at all: the comparison says nothing')
    return problems


def main():
    shared = os.path.join(os.environ.get('SOTTO_SOURCE_DIR', '.'), '..', 'shared', 'templates')
    tap = Tap()
    ours = Ours(sys.argv[1])
    chosen = sys.argv[2:]
    for name, source in templates(shared):
        if not chosen or any(word in name for word in chosen):
            tap.result(name, compare(ours, source))
    if not os.path.isdir(shared):
        tap.skip('shared templates', '../shared/templates is not there')
    if ours.close() != 0:
        tap.result('template-render ends well', ['it did not'])
    return tap.finish()


sys.exit(main())
