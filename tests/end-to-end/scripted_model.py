"""A model that says what it is told to: a small file that any engine would run, and whose arithmetic is a list.

Each piece of the script is a token with a vector of its own (random signs, so nearly at right angles to all others). All
matrices of the layers are zero, so that a token's vector reaches the output as it came, and the output's row for the next
piece is that vector: whatever was asked, after the prompt's last token comes the first piece, and so on to the end. What its
template ends a prompt with says which of two scripts it is: the second one answers the result of a tool. How fast it speaks
depends on the number of layers.
"""
import random
import struct

WIDTH, FEED_FORWARD = 64, 128
NORMAL, CONTROL, USER_DEFINED = 1, 3, 4

# Qwen 3's way: reasoning and calls between tags of their own.
TEMPLATE = (
    "{%- for message in messages %}<|im_start|>{{ message.role }}\n"
    "{%- if message.role == 'assistant' and message.reasoning_content %}\n<think>\n{{ message.reasoning_content }}\n</think>\n"
    "{% else %}\n{% endif %}{{ message.content }}"
    "{%- for call in message.tool_calls or [] %}\n<tool_call>\n{\"name\": \"{{ call.function.name }}\", \"arguments\": "
    "{{ call.function.arguments | tojson }}}\n</tool_call>{% endfor %}<|im_end|>\n{% endfor %}"
    "{%- if add_generation_prompt %}<|im_start|>assistant\n{% endif %}")

# The same with a place for tools and their results; a tab begins the answer to these.
TOOLS = (
    "{%- if tools %}<|im_start|>system\n{% for tool in tools %}{{ tool | tojson }}\n{% endfor %}<|im_end|>\n{% endif %}"
    + TEMPLATE.replace("<|im_start|>assistant\n{% endif %}",
                       "<|im_start|>assistant{{ '\t' if messages[-1].role == 'tool' else '\n' }}{% endif %}"))


def byte_tokens():
    """GPT-2's characters for bytes."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) if byte in printable else chr(256 + others.index(byte)) for byte in range(256)]


def string(text):
    return struct.pack('<Q', len(text.encode())) + text.encode()


def value(item):
    if isinstance(item, bool):
        return struct.pack('<I?', 7, item)
    if isinstance(item, int):
        return struct.pack('<II', 4, item)
    if isinstance(item, float):
        return struct.pack('<If', 6, item)
    if isinstance(item, str):
        return struct.pack('<I', 8) + string(item)
    if isinstance(item[0], str):
        return struct.pack('<IIQ', 9, 8, len(item)) + b''.join(map(string, item))
    return struct.pack(f'<IIQ{len(item)}i', 9, 5, len(item), *item)


def pieces(script):
    """Words with the space before them, tags by themselves."""
    found, at = [], 0
    for tag in ('<think>', '</think>', '<tool_call>', '</tool_call>'):
        script = script.replace(tag, f'\0{tag}\0')
    for part in filter(None, script.split('\0')):
        if part.startswith('<') and part.endswith('>'):
            found.append(part)
            continue
        at = 0
        while at < len(part):
            end = at + 1
            while end < len(part) and part[end] not in ' \n':
                end += 1
            found.append(part[at:end])
            at = end
    return found


def write(path, script, layers=2, name='Scripted', template=TEMPLATE, anywhere=False, answer=''):
    """Writes the model. Its vocabulary has no token that a typed text leads to but the bytes.

    anywhere: after whatever byte it begins, as a base model must, and not after a line's end only.
    answer: what it says after a tab: see TOOLS."""
    chooser = random.Random(1)
    scripts = [pieces(script), pieces(answer)]
    spoken = scripts[0] + scripts[1]
    bytes_ = byte_tokens()
    # The same word at two places is two tokens: what follows depends on the token alone.
    tags = [piece.startswith('<') and piece.endswith('>') for piece in spoken]
    tokens = bytes_ + ['<|endoftext|>', '<|im_start|>', '<|im_end|>'] + [
        piece if tag else ''.join(bytes_[byte] for byte in piece.encode()) for piece, tag in zip(spoken, tags)]
    kinds = [NORMAL] * 256 + [CONTROL] * 3 + [USER_DEFINED if tag else NORMAL for tag in tags]
    end, first = 258, 259
    vectors = [[chooser.choice((-1.0, 1.0)) for _ in range(WIDTH)] for _ in range(len(spoken) + 1)]
    zeros = [0.0] * WIDTH

    # What a token leads to: the next one's vector; the last one of a script to that of the end.
    following = vectors[1:]
    if scripts[1]:
        following[len(scripts[0]) - 1] = vectors[-1]
    embedding = [zeros] * first + following
    for byte in range(256) if anywhere else [bytes_.index('Ċ')]:
        embedding[byte] = vectors[0]
    if scripts[1]:
        embedding[bytes_.index('ĉ')] = vectors[len(scripts[0])]
    output = [zeros] * len(tokens)
    for i, vector in enumerate(vectors):
        output[first + i if i < len(spoken) else end] = vector

    tensors = [('token_embd.weight', embedding), ('output.weight', output), ('output_norm.weight', [[1.0] * WIDTH])]
    for i in range(layers):
        tensors += [(f'blk.{i}.attn_norm.weight', [[1.0] * WIDTH]), (f'blk.{i}.ffn_norm.weight', [[1.0] * WIDTH])]
        tensors += [(f'blk.{i}.{matrix}.weight', (columns, rows)) for matrix, columns, rows in (
            ('attn_q', WIDTH, WIDTH), ('attn_k', WIDTH, WIDTH // 2), ('attn_v', WIDTH, WIDTH // 2),
            ('attn_output', WIDTH, WIDTH), ('ffn_gate', WIDTH, FEED_FORWARD), ('ffn_up', WIDTH, FEED_FORWARD),
            ('ffn_down', FEED_FORWARD, WIDTH))]

    metadata = {
        'general.architecture': 'llama', 'general.name': name, 'llama.block_count': layers,
        'llama.context_length': 32768, 'llama.embedding_length': WIDTH, 'llama.feed_forward_length': FEED_FORWARD,
        'llama.attention.head_count': 4, 'llama.attention.head_count_kv': 2,
        'llama.attention.layer_norm_rms_epsilon': 1e-5, 'tokenizer.ggml.model': 'gpt2', 'tokenizer.ggml.pre': 'gpt-2',
        'tokenizer.ggml.tokens': tokens, 'tokenizer.ggml.token_type': kinds, 'tokenizer.ggml.merges': ['Ġ t'],
        'tokenizer.ggml.bos_token_id': 256, 'tokenizer.ggml.eos_token_id': end,
        'tokenizer.ggml.add_bos_token': False, 'tokenizer.chat_template': template,
    }

    header = b'GGUF' + struct.pack('<IQQ', 3, len(tensors), len(metadata))
    header += b''.join(string(key) + value(item) for key, item in metadata.items())
    data = bytearray()
    for tensor, rows in tensors:
        if isinstance(rows, tuple):     # a matrix of zeros
            shape, rows = rows, [[0.0] * (rows[0] * rows[1])]
        else:
            shape = (len(rows[0]), len(rows)) if len(rows) > 1 else (len(rows[0]),)
        header += string(tensor) + struct.pack(f'<I{len(shape)}QIQ', len(shape), *shape, 0, len(data))
        data += b''.join(struct.pack(f'<{len(row)}f', *row) for row in rows)
        data += bytes(-len(data) % 32)
    with open(path, 'wb') as file:
        file.write(header + bytes(-len(header) % 32) + data)
    return spoken
