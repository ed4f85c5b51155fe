"""What lies in sealed files, by the descriptions at the top of history/sealed.c and history/sealed-stream.c and nothing else."""
import ctypes
import hashlib
import struct

HEADER, BOUND, PIECE, OVERHEAD = 120, 72, 131072, 17
CONTEXT = b"SottoSea"
FINAL = 3


def derive(key, number):
    """libsodium's crypto_kdf: BLAKE2b, the number as salt and the context as person."""
    return hashlib.blake2b(b"", digest_size=32, key=key, salt=number.to_bytes(16, "little"),
                           person=CONTEXT.ljust(16, b"\0")).digest()


def keys(key):
    """Of names and of files, from the database's."""
    return derive(key, 1), derive(key, 2)


def name(key, *parts):
    """How the file of a conversation and a model is called."""
    return "-".join(hashlib.blake2b(part.encode(), digest_size=16, key=keys(key)[0]).hexdigest() for part in parts)


def unseal(path, key):
    """What the file holds; ValueError where it does not open."""
    sodium = ctypes.CDLL("libsodium.so.23")
    if sodium.sodium_init() < 0:
        raise OSError("libsodium does not start")
    data = path.read_bytes()
    magic, version, piece, size = struct.unpack_from("<8sIIQ", data)
    if (magic, version, piece) != (b"SottoSea", 1, PIECE) or len(data) != HEADER + size + (size // PIECE + 1) * OVERHEAD:
        raise ValueError(f"{path} is {magic} {version} {piece} {size}, of {len(data)} bytes")
    bound = data[:BOUND] + bytes.fromhex(path.name.replace("-", ""))
    own = ctypes.create_string_buffer(32)
    if sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(own, None, None, data[BOUND:HEADER], ctypes.c_ulonglong(HEADER - BOUND),
                                                         bound, ctypes.c_ulonglong(len(bound)), data[24:48], keys(key)[1]) != 0:
        raise ValueError(f"the key of {path} does not open")
    state = ctypes.create_string_buffer(sodium.crypto_secretstream_xchacha20poly1305_statebytes())
    if sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, data[48:BOUND], own.raw) != 0:
        raise ValueError(f"the stream of {path} does not begin")
    plain, at = b"", HEADER
    while at < len(data):
        sealed = data[at:at + PIECE + OVERHEAD]
        out = ctypes.create_string_buffer(len(sealed))
        tag = ctypes.c_ubyte()
        if sodium.crypto_secretstream_xchacha20poly1305_pull(state, out, None, ctypes.byref(tag), sealed,
                                                             ctypes.c_ulonglong(len(sealed)), None, ctypes.c_ulonglong(0)) != 0:
            raise ValueError(f"{path} is damaged at {at}")
        plain += out.raw[:len(sealed) - OVERHEAD]
        at += len(sealed)
        if (tag.value == FINAL) != (at == len(data)):
            raise ValueError(f"{path} ends at {at}")
    return plain
