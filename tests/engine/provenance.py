"""Conversations in which one place after the other is planted with control texts, for the tests of what may become a
control token."""
import re

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
