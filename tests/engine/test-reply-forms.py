#!/usr/bin/env python3
"""Replies that no template writes: forms of models without a template here, and replies that are broken.

Usage: test-reply-forms.py PROGRAM, the built tests/engine/reply-parse. Expected values are written by hand from the
descriptions that the models' makers publish. Each is fed in pieces of several sizes, and in two for every place where it
can come apart; whatever happens, nothing of it may be lost.
"""
import json
import random
import subprocess
import sys
import time

from jinja_peer import Tap

QWEN = 'tools: <tool_call>{"name": …, "arguments": …}</tool_call>'
LLAMA = 'Environment: ipython {"name": …, "parameters": }'
TOOLS = json.dumps([{'type': 'function', 'function': {'name': 'f', 'parameters': {
    'type': 'object', 'properties': {'s': {'type': 'string'}, 'n': {'type': 'integer'}}}}}])
NULLABLE = json.dumps([{'type': 'function', 'function': {'name': 'f', 'parameters': {
    'type': 'object', 'properties': {'s': {'type': ['null', 'string']}, 'u': {'type': ['string', 'object']}}}}}])
STEPS = [1, 2, 3, 7, 1000000]


def says(text='', reasoning='', calls=(), back=None):
    return {'text': text, 'reasoning': reasoning, 'calls': list(calls), 'back': back}


# name: (template, prompt, tools, reply, control tokens, what it says)
FORMS = {
    # Models without a template of their own here
    'llama 3: JSON': (LLAMA, '', TOOLS, '{"name": "f", "parameters": {"n": 1}}', [], says(calls=[('f', {'n': 1})])),
    'llama 3: two, with a semicolon': (LLAMA, '', TOOLS, '{"name": "f", "parameters": {}}; {"name": "g", "parameters": {}}',
                                       [], says(calls=[('f', {}), ('g', {})])),
    'llama 3: JSON, but no tools': (LLAMA, '', None, '{"name": "f", "parameters": {"n": 1}}', [],
                                    says('{"name": "f", "parameters": {"n": 1}}')),
    'llama 3: other JSON': (LLAMA, '', TOOLS, '{"name": "Ada", "born": 1815}', [], says('{"name": "Ada", "born": 1815}')),
    'llama 3: python tag': (LLAMA, '', TOOLS, '<|python_tag|>{"name": "f", "parameters": {"n": 1}}', ['<|python_tag|>'],
                            says(calls=[('f', {'n': 1})])),
    'llama 3: built-in tool': (LLAMA, '', TOOLS, '<|python_tag|>brave_search.call(query="a \\"b\\", c")', ['<|python_tag|>'],
                               says(calls=[('brave_search', {'query': 'a "b", c'})])),
    'llama 3: code': (LLAMA, '', TOOLS, '<|python_tag|>import math\nprint(math.pi)', ['<|python_tag|>'],
                      says(calls=[('python', {'code': 'import math\nprint(math.pi)'})])),
    'command-r: action': ("Action:```json", '', TOOLS,
                          'Plan: look.\nAction: ```json\n[\n  {"tool_name": "f", "parameters": {"n": 1}}\n]\n```', [],
                          says('Plan: look.', calls=[('f', {'n': 1})])),
    'gemma 3: tool code': ('tool_code', '', TOOLS, "Wait.\n```tool_code\nf(s='x', n=-2.5)\n```", [],
                           says('Wait.', calls=[('f', {'s': 'x', 'n': -2.5})])),
    'granite 3: list': ('<|tool_call|>', '', TOOLS, '<|tool_call|>[{"name": "f", "arguments": {"n": 1}}]', ['<|tool_call|>'],
                        says(calls=[('f', {'n': 1})])),
    'granite 3: thoughts and response': ('<|tool_call|> <think>', '', None,
                                         '<think>Hm.</think>\n<response>Yes.</response>', [], says('Yes.', 'Hm.')),
    'lfm 2: python': ('<|tool_list_start|>', '', TOOLS,
                      '<|tool_call_start|>[f(s="a\\nb", n=1), g(x=[True, None], y={"k": (1, 2)})]<|tool_call_end|>Done.', [],
                      says('Done.', calls=[('f', {'s': 'a\nb', 'n': 1}), ('g', {'x': [True, None], 'y': {'k': [1, 2]}})])),
    'lfm 2: JSON': ('<|tool_list_start|>', '', TOOLS,
                    '<|tool_call_start|>[{"name": "f", "arguments": {"n": 1}}]<|tool_call_end|>', [],
                    says(calls=[('f', {'n': 1})])),
    'minimax m2': ('<minimax:tool_call>', '', TOOLS,
                   '<minimax:tool_call>\n<invoke name="f">\n<parameter name="s">1</parameter>\n<parameter name="n">1'
                   '</parameter>\n</invoke>\n</minimax:tool_call>', [], says(calls=[('f', {'s': '1', 'n': 1})])),
    'kimi: id names the tool': ('<|tool_call_argument_begin|>', '', None,
                                '<|tool_calls_section_begin|><|tool_call_begin|>functions.f:0<|tool_call_argument_begin|>{"n": 1}'
                                '<|tool_call_end|><|tool_calls_section_end|>', [], says(calls=[('f', {'n': 1})])),
    'harmony: constrain': ('<|channel|><|message|>', '<|start|>assistant', None,
                           '<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>commentary to=functions.f '
                           '<|constrain|>json<|message|>{"n": 1}<|call|>',
                           ['<|channel|>', '<|message|>', '<|end|>', '<|start|>', '<|constrain|>', '<|call|>'],
                           says('', 'Hm.', [('f', {'n': 1})])),
    'harmony: preamble': ('<|channel|><|message|>', '<|start|>assistant', None,
                          '<|channel|>commentary<|message|>First f.<|end|><|start|>assistant<|channel|>final<|message|>So.',
                          [], says('First f.So.')),
    'harmony: no header': ('<|channel|><|message|>', '<|start|>assistant', None, 'Hello.\nMore.', [], says('Hello.\nMore.')),
    'mistral: list with ids': ('[TOOL_CALLS]', '', None, '[TOOL_CALLS][{"name": "f", "arguments": {"n": 1}, "id": "a"}]',
                               ['[TOOL_CALLS]'], says(calls=[('f', {'n': 1})])),
    'deepseek r1 without an opening tag': ('<think>', '<think>\n', None, 'Hm.\n</think>\n\nYes.', [], says('Yes.', 'Hm.')),
    'functionary: python': ('<function=x></function>', '', None, '<|python_tag|>1 + 1', [],
                            says(calls=[('python', {'code': '1 + 1'})])),

    # As Qwen2.5-Coder writes them
    'qwen: a fence': (QWEN, '', TOOLS, '```json\n{\n  "name": "f",\n  "arguments": {"n": 1}\n}\n```', [], says(calls=[('f', {'n': 1})])),
    'qwen: a fence behind words': (QWEN, '', TOOLS, 'So:\n```json\n{"name": "f", "arguments": {}}\n```', [], says('So:', calls=[('f', {})])),
    'qwen: no tags': (QWEN, '', TOOLS, '{"name": "f", "arguments": {"n": 1}}', [], says(calls=[('f', {'n': 1})])),
    'qwen: braces doubled': (QWEN, '', TOOLS, '{{"name": "f", "arguments": {"n": {}}}}', [], says(calls=[('f', {'n': {}})])),
    'qwen: braces too many': (QWEN, '', TOOLS, '{{"name": "f", "arguments": {"n": 1}}}}}', [], says(calls=[('f', {'n': 1})])),
    'qwen: a fence with other JSON': (QWEN, '', TOOLS, '```json\n{"name": "Ada", "born": 1815}\n```\nYes.', [],
                                      says('```json\n{"name": "Ada", "born": 1815}\n```\nYes.')),
    'qwen: a fence, but no tools': (QWEN, '', None, '```json\n{"name": "f", "arguments": {}}\n```', [],
                                    says('```json\n{"name": "f", "arguments": {}}\n```')),
    # As llama.cpp's parser is tested to read them
    'null where a string may be null': ('<function=<parameter=', '', NULLABLE,
                                        '<tool_call>\n<function=f>\n<parameter=s>\nnull\n</parameter>\n</function>\n</tool_call>',
                                        [], says(calls=[('f', {'s': None})])),
    'text where a string may be null': ('<function=<parameter=', '', NULLABLE,
                                        '<tool_call>\n<function=f>\n<parameter=s>\nhello world\n</parameter>\n</function>\n'
                                        '</tool_call>', [], says(calls=[('f', {'s': 'hello world'})])),
    'a union': ('<function=<parameter=', '', NULLABLE,
                '<tool_call>\n<function=f>\n<parameter=u>\n{"a": 1}\n</parameter>\n<parameter=v>\n{not valid json\n</parameter>\n'
                '<parameter=w>\n2 dollars\n</parameter>\n</function>\n</tool_call>', [],
                says(calls=[('f', {'u': {'a': 1}, 'v': '{not valid json', 'w': '2 dollars'})])),
    'DSML: function calls': ('｜DSML｜', '<think>', None,
                             'Test array</think>\n\n<｜DSML｜function_calls>\n<｜DSML｜invoke name="todo_list">\n<｜DSML｜parameter '
                             'name="todos" string="false">["buy milk","walk dog"]</｜DSML｜parameter>\n</｜DSML｜invoke>\n'
                             '</｜DSML｜function_calls>', ['｜DSML｜'],
                             says('', 'Test array', [('todo_list', {'todos': ['buy milk', 'walk dog']})])),

    # The shape of a call
    'OpenAI form': (QWEN, '', None, '<tool_call>{"id": "c1", "type": "function", "function": {"name": "f", "arguments": '
                    '"{\\"n\\": 1}"}}</tool_call>', [], says(calls=[('f', {'n': 1})])),
    'arguments before the name': (QWEN, '', None, '<tool_call>{"arguments": {"n": 1}, "name": "f"}</tool_call>', [],
                                  says(calls=[('f', {'n': 1})])),
    'escaped name': (QWEN, '', None, '<tool_call>{"name": "\\u0066", "arguments": {}}</tool_call>', [],
                     says(calls=[('f', {})])),
    'no arguments': (QWEN, '', None, '<tool_call>{"name": "f"}</tool_call>', [], says(calls=[('f', {})])),
    'null arguments': (QWEN, '', None, '<tool_call>{"name": "f", "arguments": null}</tool_call>', [],
                       says(calls=[('f', {})])),
    'a list in one tag': (QWEN, '', None, '<tool_call>[{"name": "f"}, {"name": "g"}]</tool_call>', [],
                          says(calls=[('f', {}), ('g', {})])),
    'text between calls': (QWEN, '', None, 'A <tool_call>{"name": "f"}</tool_call> B <tool_call>{"name": "g"}</tool_call> C',
                           [], says('ABC', calls=[('f', {}), ('g', {})])),
    'no end, but complete': (QWEN, '', None, 'A\n<tool_call>\n{"name": "f", "arguments": {"n": 1}}\n', [],
                             says('A', calls=[('f', {'n': 1})])),
    'deep arguments': (QWEN, '', None, '<tool_call>{"name": "f", "arguments": {"a": ' + '[' * 90 + ']' * 90 + '}}</tool_call>', [],
                       says(calls=[('f', {'a': json.loads('[' * 90 + ']' * 90)})])),
    'a name that breaks off': (QWEN, '', None, '<tool_call>{"name": "a b c", "arguments": {}}</tool_call>', [],
                               says(calls=[('a b c', {})])),

    # What only looks like a section
    'in a fence': (QWEN, '', None, '```\n<tool_call>{"name": "f"}</tool_call>\n<think>\n```\n', [],
                   says('```\n<tool_call>{"name": "f"}</tool_call>\n<think>\n```\n')),
    'in backticks': (QWEN, '', None, 'Write `<tool_call>` and `<think>`.', [], says('Write `<tool_call>` and `<think>`.')),
    'a tag within a line': (QWEN, '', None, 'The tag <think> opens.', [], says('The tag <think> opens.')),
    'a token within a line': (QWEN, '', None, 'So: <think>Hm.</think> Yes.', ['<think>', '</think>'],
                              says('So:Yes.', 'Hm.')),
    'marker in a string': (QWEN, '', None, '<tool_call>{"name": "f", "arguments": {"s": "</tool_call>\\" }"}}</tool_call>', [],
                           says(calls=[('f', {'s': '</tool_call>" }'})])),
    'a call in the reasoning': (QWEN, '<think>', None, 'I could <tool_call>{"name": "f"}</tool_call>.\n</think>\nNo.', [],
                                says('No.', 'I could <tool_call>{"name": "f"}</tool_call>.')),

    # What does not parse
    'no JSON': (QWEN, '', None, 'A <tool_call>hello</tool_call> B', [], says('A <tool_call>hello</tool_call> B')),
    'broken JSON': (QWEN, '', None, '<tool_call>{"name": "f", "arguments": {"a" 1}}</tool_call>', [],
                    says('<tool_call>{"name": "f", "arguments": {"a" 1}}</tool_call>', back=1)),
    'broken late': (QWEN, '', None, '<tool_call>{"name": "f", "arguments": {"a": tru}}</tool_call> B', [],
                    says('<tool_call>{"name": "f", "arguments": {"a": tru}}</tool_call> B', back=1)),
    'no name': (QWEN, '', None, '<tool_call>{"arguments": {}}</tool_call>', [], says('<tool_call>{"arguments": {}}</tool_call>')),
    'half-open call': (QWEN, '', None, 'A <tool_call>{"name": "f", "arguments": {"a": "b', [],
                       says('A <tool_call>{"name": "f", "arguments": {"a": "b', back=1)),
    'half-open marker': (QWEN, '', None, 'A <tool_', [], says('A <tool_')),
    'half-open reasoning': (QWEN, '', None, '<think>\nHm', [], says('', 'Hm')),
    'half-open end': (QWEN, '', None, '<think>Hm</thi', [], says('', 'Hm</thi')),
    'empty section': (QWEN, '', None, '<tool_call></tool_call>', [], says('<tool_call></tool_call>')),
    'a call behind a broken one': (QWEN, '', None, '<tool_call>\n<tool_call>{"name": "f"}</tool_call>', [],
                                   says('<tool_call>', calls=[('f', {})])),
    'second call broken': (QWEN, '', None, '<tool_call>[{"name": "f"}, {"x"}]</tool_call>', [],
                           says(', {"x"}]</tool_call>', calls=[('f', {})])),
    'broken parameters': ('<function=<parameter=', '', None,
                          '<tool_call>\n<function=f>\n<parameter=a>\n1\n</parameter>\nand so on', [],
                          says('<tool_call>\n<function=f>\n<parameter=a>\n1\n</parameter>\nand so on', back=1)),
    'broken python': ('<|tool_list_start|>', '', None, '<|tool_call_start|>[f(1)]<|tool_call_end|>', [],
                      says('<|tool_call_start|>[f(1)]<|tool_call_end|>')),
    'a control token that says nothing': (QWEN, '', None, 'A<|box|> B', ['<|box|>'], says('A B')),
    'space is kept': (QWEN, '', None, '\n\n  A \n\n B\t\n', [], says('\n\n  A \n\n B\t\n')),
    'no template at all': (None, '', None, '<think>Hm.</think>A <tool_call>', [], says('A <tool_call>', 'Hm.')),
}


class Parser:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def parse(self, template, prompt, tools, text, control, steps=STEPS, cuts=False):
        request = {'prompt': prompt, 'text': text, 'control': control, 'steps': steps, 'cuts': cuts}
        for name, value in (('template', template), ('tools', tools)):
            if value is not None:
                request[name] = value
        self.process.stdin.write(json.dumps(request).encode() + b'\n')
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f'reply-parse ended with {self.process.wait()}')
        return json.loads(line)['results']


def check_form(parser, form):
    template, prompt, tools, text, control, expected = form
    results = parser.parse(template, prompt, tools, text, control, cuts=True)
    problems = [f'pieces make a difference: {results}'] if len(results) != 1 else []
    got = results[0]
    calls = [(call['name'], json.loads(call['arguments'])) for call in got['calls']]
    if got['whole'] != text:
        problems.append(f'lost: {got["whole"]!r}')
    for what, value in (('text', got['text']), ('reasoning', got['reasoning']), ('calls', calls)):
        if value != expected[what]:
            problems.append(f'{what}: expected {expected[what]!r}, got {value!r}')
    if expected['back'] is not None and got['taken_back'] != expected['back']:
        problems.append(f'taken back: {got["taken_back"]}')
    return problems


def check_soup(parser):
    """Markers and JSON shaken together: nothing is lost, and pieces make no difference to what is read."""
    chooser = random.Random(4)
    bits = ['<tool_call>', '</tool_call>', '<think>', '</think>', '{"name": "f", "arguments": {"a": [1, "x"]}}', '{', '}', '"',
            '\\', '\n', ' ', 'Zażółć', '```', '`', '[', ']', ',', '<|channel|>', 'analysis', '<|message|>', '<|start|>assistant',
            '<function=f>', '<parameter=a>', '</parameter>', '</function>', '<arg_key>', '</arg_key>', '<arg_value>', '</arg_value>',
            '<|python_tag|>', 'f(a=1)', '>>>', 'all\n', '[TOOL_CALLS]', '[ARGS]', 'to=functions.f', '<|tool_call>', 'call:f{a:<|"|>b<|"|>}']
    templates = [QWEN, LLAMA, '<|channel|><|message|>', '<function=<parameter=', '<arg_key>', '>>>all', '[TOOL_CALLS]',
                 '<|tool_call>', '<|tool_list_start|>', None]
    problems = []
    for _ in range(3000):
        text = ''.join(chooser.choice(bits) for _ in range(chooser.randrange(1, 14)))
        template = chooser.choice(templates)
        prompt = chooser.choice(['', '<think>', '<|start|>assistant', '>>>'])
        results = parser.parse(template, prompt, chooser.choice([None, TOOLS]), text, [], [1, 4, 100000])
        if any(result['whole'] != text for result in results):
            problems.append(f'lost: {template!r} {text!r}: {results[0]["whole"]!r}')
        # A call that is told and taken back depends on the pieces only in being told.
        if len({json.dumps({**result, 'taken_back': 0}) for result in results}) != 1:
            problems.append(f'pieces make a difference: {template!r} {text!r}: {results}')
        for result in results:
            for call in result['calls']:
                if not isinstance(json.loads(call['arguments']), dict):
                    problems.append(f'no object: {text!r}')
    return problems


def check_time(parser):
    """Long replies take time in proportion, whatever they are made of."""
    problems = []
    cases = {'spaces': ' ', 'words': 'word ', 'half markers': '<tool_cal', 'fences': '```\n', 'braces': '{', 'newlines': '\n',
             'open calls': '<tool_call>{"name": "f", "arguments": {"a": "', 'calls': '<tool_call>{"name": "f"}</tool_call>',
             'open tags': '<tool_call>'}
    for name, bit in cases.items():
        for template in (QWEN, '<function=<parameter=', '<|channel|><|message|>'):
            begin = time.monotonic()
            text = bit * (1000000 // len(bit))
            result = parser.parse(template, '', TOOLS, text, [], [8])[0]
            if result['whole'] != text:
                problems.append(f'{name}: lost')
            if time.monotonic() - begin > 4:
                problems.append(f'{name}: {time.monotonic() - begin:.1f} s for a million bytes')
    return problems


def main():
    tap = Tap()
    parser = Parser(sys.argv[1])
    for name, form in FORMS.items():
        tap.result(name, check_form(parser, form))
    tap.result('soup', check_soup(parser))
    tap.result('time', check_time(parser))
    return tap.finish()


sys.exit(main())
