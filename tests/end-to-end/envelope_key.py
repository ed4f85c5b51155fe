"""The database key out of a history's envelope, by the description at the top of history/envelope.c and nothing else."""
import ctypes
import struct
import unicodedata

HEADER, SLOT, SLOT_BOUND = 48, 120, 48
PASSPHRASE_KIND = 2
ARGON2ID13 = 2
KEY_BYTES, WRAPPED_BYTES = 32, 48


def unwrap(path, passphrase):
    """The key that @passphrase opens, 32 bytes."""
    sodium = ctypes.CDLL("libsodium.so.23")
    if sodium.sodium_init() < 0:
        raise OSError("libsodium does not start")
    sodium.crypto_pwhash.argtypes = [ctypes.c_char_p, ctypes.c_ulonglong, ctypes.c_char_p, ctypes.c_ulonglong, ctypes.c_char_p,
                                     ctypes.c_ulonglong, ctypes.c_size_t, ctypes.c_int]
    sodium.crypto_aead_xchacha20poly1305_ietf_decrypt.argtypes = [
        ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_ulonglong, ctypes.c_char_p,
        ctypes.c_ulonglong, ctypes.c_char_p, ctypes.c_char_p]
    envelope = path.read_bytes()
    typed = unicodedata.normalize("NFC", passphrase).encode()
    n_slots, = struct.unpack_from("<I", envelope, 36)
    for at in range(HEADER, HEADER + n_slots * SLOT, SLOT):
        slot = envelope[at:at + SLOT]
        kind, = struct.unpack_from("<I", slot, 4)
        if kind != PASSPHRASE_KIND:
            continue
        passes, = struct.unpack_from("<I", slot, 16)
        memory, = struct.unpack_from("<Q", slot, 24)
        salt, nonce, wrapped = slot[32:48], slot[48:72], slot[72:72 + WRAPPED_BYTES]
        bound = envelope[:12] + envelope[16:32] + slot[:SLOT_BOUND]
        slot_key = ctypes.create_string_buffer(KEY_BYTES)
        key = ctypes.create_string_buffer(KEY_BYTES)
        if sodium.crypto_pwhash(slot_key, KEY_BYTES, typed, len(typed), salt, passes, memory, ARGON2ID13) != 0:
            raise OSError("not enough memory for Argon2id")
        if sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(key, None, None, wrapped, WRAPPED_BYTES, bound, len(bound), nonce,
                                                             slot_key.raw) == 0:
            return key.raw
    raise ValueError(f"{path} has no slot that this passphrase opens")
