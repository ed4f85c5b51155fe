#!/usr/bin/env python3
"""What a template writes for a reply, the parser reads back: reasoning, answer and calls with equal arguments.

Usage: test-reply-templates.py PROGRAM [WORD…], the built tests/engine/reply-parse. The template, rendered by jinja2, is the
writer that knows nothing of the parser. Each reply is fed in pieces of every size that matters and in two for
every place where it can come apart, once with its markers written out as text and once with those that are control tokens
coming as such. And a reply that was cut off anywhere goes on there: what is written for its beginning reads as that beginning.
"""
import json
import os
import re
import subprocess
import sys

import jinja_peer
from jinja_peer import Tap, render_jinja2, templates

REASONING, ANSWER = 'Let me see: 2 < 3,\nso a {brace} and "quotes".', 'Hello *there*.\n\n- {"a": [1]}\n- Zażółć 🙂'

TOOLS = [
    {'type': 'function', 'function': {
        'name': 'get_weather', 'description': 'The weather', 'parameters': {
            'type': 'object', 'required': ['city'], 'properties': {
                'city': {'type': 'string', 'description': 'c'}, 'code': {'type': 'string', 'description': 'c'},
                'days': {'type': 'integer', 'description': 'd'}, 'exact': {'type': 'boolean', 'description': 'e'},
                'limits': {'type': 'array', 'items': {'type': 'number'}, 'description': 'l'},
                'where': {'type': 'object', 'description': 'w', 'properties': {'lat': {'type': 'number'}}}}}}},
    {'type': 'function', 'function': {
        'name': 'noop', 'description': 'Nothing', 'parameters': {'type': 'object', 'properties': {}}}},
]

PLAIN = {'city': 'Łódź', 'code': '007', 'days': 2, 'exact': True, 'limits': [1.5, -2], 'where': {'lat': 51.8}}
# Strings with everything that could be taken for a marker, a fence or the end
NASTY = {'city': 'a </tool_call> b "c" {d} [e] \\ <think>\n```json\n}]\n``` end', 'days': 0}

# What a template does not write, found by looking at each; the test fails when it is not so.
NO_REASONING = {
    'qwen2.5-coder-0.5b-instruct', 'Kimi-K2-Instruct', 'smollm2-135m-instruct', 'Apertus-8B-Instruct', 'GigaChat3-10B-A1.8B',
    'GigaChat3.1-10B-A1.8B', 'LFM2-8B-A1B', 'MiMo-VL', 'MiniMax-M1', 'Mistral-Small-3.2-24B-Instruct-2506',
    'NVIDIA-Nemotron-Nano-v2', 'NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use', 'Qwen-QwQ-32B',
    'Qwen-Qwen2.5-7B-Instruct', 'Qwen3-Coder', 'deepseek-ai-DeepSeek-R1-Distill-Qwen-32B',
    'deepseek-ai-DeepSeek-V3.1', 'google-gemma-2-2b-it', 'ibm-granite-granite-3.3-2B-Instruct',
    'ibm-granite-granite-4.0', 'llama-cpp-deepseek-r1', 'meetkai-functionary-medium-v3.1',
    'meetkai-functionary-medium-v3.2', 'meta-llama-Llama-3.1-8B-Instruct', 'meta-llama-Llama-3.2-3B-Instruct',
    'meta-llama-Llama-3.3-70B-Instruct', 'microsoft-Phi-3.5-mini-instruct',
    'mistralai-Mistral-Nemo-Instruct-2407', 'unsloth-Apriel-1.5', 'mistralai-Ministral-3-14B-Reasoning-2512',
}
NO_CALLS = {
    'smollm2-135m-instruct', 'LFM2-8B-A1B', 'google-gemma-2-2b-it', 'ibm-granite-granite-3.3-2B-Instruct',
    'microsoft-Phi-3.5-mini-instruct',
}
REASONING_WITH_CALLS_ONLY = {'Kimi-K2-Thinking', 'CohereForAI-c4ai-command-r7b-12-2024-tool_use',
                             'google-gemma-4-31B-it-interleaved'}
ONE_CALL = {'GigaChat3-10B-A1.8B', 'GigaChat3.1-10B-A1.8B', 'openai-gpt-oss-120b'}
# What stands beside calls is written as reasoning.
ANSWER_AS_REASONING = {'openai-gpt-oss-120b'}
# What opens the reasoning stands in the prompt for a reply only, and not in the conversation.
PROMPT_OPENS = {'Apriel-1.6-15b-Thinker-fixed'}
# A reply that stands last is taken for the beginning of one, inside its reasoning: another turn must follow.
CONTINUES_THE_LAST = {'NVIDIA-Nemotron-Nano-v2'}
# Their templates fail without a list of tools.
NEEDS_TOOLS = {'NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use'}
# Strings of arguments are written without a way to tell where they end, or what is in them.
NO_NASTY = set()

ENDS = re.compile(r'(?:<\|(?:im_end|end|eot_id|eom_id|end_of_text|END_OF_TURN_TOKEN|role_end|eot|return|call|calls'
                  r'|message_sep|assistant_end)\|>|<seed:eos>|<｜end▁of▁sentence｜>|</s>|\[e~\[|<turn\|>|<end_of_turn>'
                  r'|<\|START_OF_TURN_TOKEN\|><\|CHATBOT_TOKEN\|>(?:<\|START_THINKING\|><\|END_THINKING\|>)?|<SPECIAL_12>|</assistant>|<end_of_sentence>|<｜hy_eos:opensource｜>)\s*\Z')
CONTROL = re.compile(r'<\|[^|<>]+\|>|<｜[^｜<>]+｜>|｜DSML｜|\[/?THINK\]|\[TOOL_CALLS\]|\[ARGS\]|\[CALL_ID\]|</?think>'
                     r'|</?seed:\w+>|</?tool_call>|\]<\]minimax\[>\[|<\|?channel\|?>|<\|?tool_call\|?>|</?arg_\w+>')

STEPS = [1, 2, 3, 5, 7, 16, 1000000]


def call(arguments, name='get_weather', identity='call12345'):
    return {'id': identity, 'type': 'function', 'function': {'name': name, 'arguments': arguments}}


CASES = {
    'answer': (None, ANSWER, []),
    'reasoning and answer': (REASONING, ANSWER, []),
    'call': (None, None, [call(PLAIN)]),
    'reasoning and call': (REASONING, None, [call(PLAIN)]),
    'nasty call': (None, None, [call(NASTY)]),
    'two calls': (None, None, [call(PLAIN), call({}, 'noop', 'call00002')]),
    'answer and call': (None, 'One moment.', [call(PLAIN)]),
    'everything': (REASONING, 'One moment.', [call(PLAIN), call({}, 'noop', 'call00002')]),
}

EXTRAS = [{'enable_thinking': True, 'thinking': True, 'reasoning_effort': 'high'}, {}]


def message(reasoning, answer, calls, as_text):
    result = {'role': 'assistant', 'content': answer if answer is not None or as_text == 'null' else ''}
    if reasoning is not None:
        result['reasoning_content'] = reasoning
        result['reasoning'] = reasoning
        result['thinking'] = reasoning
    if calls:
        result['tool_calls'] = json.loads(json.dumps(calls))
        if as_text is True:
            for one in result['tool_calls']:
                one['function']['arguments'] = json.dumps(one['function']['arguments'], ensure_ascii=False)
    return result


def write(name, source, case):
    """The prompt and the reply as the template writes them, or why not."""
    why = 'nothing'
    for extra in EXTRAS:
        for tools in (TOOLS, None):
            for as_text in (False, 'null', True):
                user = {'role': 'user', 'content': 'What now?'}
                request = {'tools': tools, 'extra': extra, 'bos': '<s>', 'eos': '</s>'}
                turns = [user, message(*case, as_text)] + [user] * (name in CONTINUES_THE_LAST)
                full = render_jinja2(source, {**request, 'messages': turns})
                prompt = render_jinja2(source, {**request, 'messages': [user], 'add_generation_prompt': True})
                if full[0] != 'text' or prompt[0] != 'text':
                    why = full if full[0] != 'text' else prompt
                    continue
                full, prompt = full[1], prompt[1]
                end = len(os.path.commonprefix([full, prompt]))
                while end < len(prompt) and end > 0 and prompt[end - 1] not in '\n>]':
                    end -= 1
                reply = full[end:]
                if name in PROMPT_OPENS and case[0]:
                    end, full = len(prompt), prompt
                if name in CONTINUES_THE_LAST:
                    reply = reply.split('<SPECIAL_12>')[0]
                reply = reply.split('<｜end▁of▁sentence｜>')[0]
                while ENDS.search(reply):
                    reply = ENDS.sub('', reply)
                return (full[:end], reply), None
    return None, why


class Parser:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def parse(self, **request):
        self.process.stdin.write(json.dumps(request).encode() + b'\n')
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f'reply-parse ended with {self.process.wait()}')
        return json.loads(line)


def compare(parser, name, source, label, case):
    written, why = write(name, source, case)
    if written is None:
        return [], f'{label}: not written: {why}'
    prompt, reply = written
    reasoning, answer, calls = case
    problems = []
    writes_reasoning, writes_calls = REASONING in reply, 'get_weather' in reply
    writes_answer = answer is not None and answer in reply
    as_table = name not in NO_REASONING and (name not in REASONING_WITH_CALLS_ONLY or bool(calls))
    if reasoning and label != 'everything' and writes_reasoning != as_table:
        problems.append('the table is wrong about reasoning')
    if label == 'call' and writes_calls != (name not in NO_CALLS):
        problems.append('the table is wrong about calls')
    if answer and not calls and not writes_answer:
        problems.append('the answer is not written')

    if label == 'two calls' and writes_calls and ('noop' in reply) != (name not in ONE_CALL):
        problems.append('the table is wrong about the second call')
    expected_calls = [(c['function']['name'], c['function']['arguments']) for c in calls
                      if c['function']['name'] in reply]
    if name in ANSWER_AS_REASONING and calls and answer:
        reasoning, writes_reasoning, writes_answer = answer, True, False
    for control in ([], sorted(set(CONTROL.findall(reply)))):
        answered = parser.parse(template=source, prompt=prompt, tools=json.dumps(TOOLS), text=reply,
                                control=control, steps=STEPS, cuts=True)
        if len(answered['results']) != 1:
            problems.append(f'pieces make a difference: {answered["results"][:2]}')
        for got in answered['results'][:1]:
            if got['whole'] != reply:
                problems.append(f'lost: {reply!r} became {got["whole"]!r}')
            got_calls = []
            for one in got['calls']:
                try:
                    got_calls.append((one['name'], json.loads(one['arguments'])))
                except ValueError:
                    got_calls.append((one['name'], one['arguments']))
            expected = (reasoning if writes_reasoning else '', answer if writes_answer else '', expected_calls)
            if (got['reasoning'], got['text'].rstrip('\n'), got_calls) != expected:
                problems.append(f'{answered["format"]}, {"control" if control else "text"}: {reply!r} after '
                                f'{prompt[-40:]!r}: expected {expected}, got {got}')
            for one, known in zip(got['calls'], calls):
                if known['id'] in reply and one['id'] != known['id']:
                    problems.append(f'the id is {one["id"]!r} and not {known["id"]!r}')
    return [f'{label}: {problem}' for problem in problems], None


def compare_begun(parser, name, source, label, case):
    """A reply cut off in its reasoning and in its answer, and the rest of it."""
    written, why = write(name, source, case)
    if written is None or name in CONTINUES_THE_LAST:
        return []
    reasoning, answer, _ = case
    user = {'role': 'user', 'content': 'What now?'}
    prompt = next(p[1] for p in (render_jinja2(source, {'tools': None, 'extra': extra, 'bos': '<s>', 'eos': '</s>',
                                                        'messages': [user], 'add_generation_prompt': True})
                                 for extra in EXTRAS) if p[0] == 'text') if name not in NEEDS_TOOLS else written[0]
    reply, problems = written[1], []
    begun = [('', answer[:7], answer[7:]), (reasoning or '', answer, ''), (reasoning or '', answer[:-3], answer[-3:])]
    expected = [('', answer[7:]), ('', ''), ('', answer[-3:])]
    if reasoning and reasoning in reply:
        behind = reply.split(reasoning, 1)[1]
        begun += [(reasoning[:9], '', reasoning[9:] + behind), (reasoning, '', behind)]
        expected += [(reasoning[9:], answer), ('', answer)]
    for (thought, said, rest), expects in zip(begun, expected):
        for control in ([], sorted(set(CONTROL.findall(rest)))):
            got = parser.parse(template=source, prompt=prompt, text=rest, control=control, steps=STEPS, cuts=True,
                               begun=[thought, said])['results']
            if len(got) != 1 or (got[0]['reasoning'], got[0]['text'].rstrip('\n')) != (expects[0], expects[1].rstrip('\n')):
                problems.append(f'{label}: after {thought!r}, {said!r}: expected {expects}, got {got[:2]}')
        if 'functionary-medium-v3.2' in name and thought:
            thought = ''  # it has no header for that
        again = got[0]['begun']
        for control in ([], sorted(set(CONTROL.findall(again)))):
            read = parser.parse(template=source, prompt=prompt, text=again, control=control, steps=[1000], cuts=False)
            read = read['results'][0]
            if (read['reasoning'], read['text'], read['calls']) != (thought, said, []):
                problems.append(f'{label}: {thought!r}, {said!r} behind {prompt[-30:]!r}: {again!r} reads as {read}')
    return problems


def main():
    # Some templates change lists that they made, which the sandbox forbids; the writer may.
    jinja_peer.ENVIRONMENT.is_safe_attribute = lambda value, name, _: not str(name).startswith('_')
    shared = os.path.join(os.environ.get('SOTTO_SOURCE_DIR', '.'), '..', 'shared', 'templates')
    tap = Tap()
    parser = Parser(sys.argv[1])
    for name, source in templates(shared):
        if sys.argv[2:] and not any(word in name for word in sys.argv[2:]):
            continue
        problems, silent = [], []
        for label, case in CASES.items():
            if label == 'nasty call' and name in NO_NASTY:
                continue
            found, why = compare(parser, name, source, label, case)
            problems += found
            if not case[2]:
                problems += compare_begun(parser, name, source, label, case)
            silent += [why] if why else []
        tap.result(name, problems)
        for why in silent:
            print(f'# {why}'[:200])
    if not os.path.isdir(shared):
        tap.skip('shared templates', '../shared/templates is not there')
    return tap.finish()


sys.exit(main())
