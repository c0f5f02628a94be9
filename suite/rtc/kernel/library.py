"""The compiled kernel, loaded: chosen by `RTC_KERNEL` (`c`, `python`, or nothing for the compiled one where there is one)."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from ctypes import POINTER, c_double, c_int, c_int64, c_uint8, c_uint32, c_uint64, c_void_p
from pathlib import Path
from typing import Any, Final

from pylibsrtp import _binding

from suite.rtc.kernel import rows
from suite.rtc.kernel.build import FOLDER, library
from suite.rtc.packets.rtp import Packet

LIBRARY: Final = "RTC_KERNEL_LIBRARY"  # another library than set-up's, for tests under sanitizers
LAYOUT: Final = 3
_CRYPTO: Final = (
    "EVP_CIPHER_CTX_new", "EVP_CIPHER_CTX_free", "EVP_aes_128_gcm", "EVP_aes_256_gcm",
    "EVP_CipherInit_ex", "EVP_CipherUpdate", "EVP_CipherFinal_ex", "EVP_CIPHER_CTX_ctrl",
)  # fmt: skip
_SIGNER: Final = ("EVP_sha1", "HMAC")
# OpenSSLs that the process has loaded anyway: pylibsrtp's own, which is newer than a stable distribution's and takes half the
# time for a packet, and the interpreter's, by its place or by its name.
OPENSSLS: Final = (_binding.__file__, None, "libcrypto.so.3", "libcrypto.so.1.1")

Inbox: Final = rows.inbox(Packet)
_SIGNATURES: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "rtc_crypto": (c_int, (POINTER(c_void_p), c_int)),
    "rtc_signer": (c_int, (POINTER(c_void_p), c_int)),
    "rtc_session_new": (c_void_p, (c_void_p, c_void_p, c_void_p, c_void_p, c_int, c_int)),
    "rtc_session_free": (None, (c_void_p,)),
    "rtc_protect": (c_int, (c_void_p, c_void_p, c_int, c_uint32)),
    "rtc_protect_control": (c_int, (c_void_p, c_void_p, c_int)),
    "rtc_unprotect": (c_int, (c_void_p, c_void_p, c_int)),
    "rtc_unprotect_control": (c_int, (c_void_p, c_void_p, c_int)),
    "rtc_read": (c_int, (c_void_p, c_void_p, c_int, c_void_p)),
    "rtc_inspect": (None, (c_void_p, c_int)),
    "rtc_waiting": (c_int, (c_void_p, c_int, c_int)),
    "rtc_write": (c_int, (c_void_p, c_void_p, c_void_p, c_int, c_double)),
    "rtc_write_again": (c_int, (c_void_p, c_void_p, c_void_p, c_int, c_double)),
    "rtc_hides": (c_int, (c_void_p, c_void_p)),
    "rtc_skip": (None, (c_void_p, c_int64, c_int)),
    "rtc_fanout": (c_int, (c_void_p, c_int, c_void_p, c_int, c_int, c_double)),
    "rtc_again": (c_int, (c_void_p, c_void_p, c_int, c_void_p, c_int, c_double)),
    "rtc_send": (c_int, (c_void_p, c_void_p, c_int, c_uint32, c_int, c_double)),
    "rtc_send_control": (c_int, (c_void_p, c_void_p, c_int)),
    "rtc_carried": (None, (c_void_p, POINTER(c_int64))),
    "rtc_sent": (None, (c_void_p, c_int, c_double)),
    "rtc_addresses_new": (c_void_p, (c_uint64,)),
    "rtc_addresses_free": (None, (c_void_p,)),
    "rtc_addresses_set": (c_int, (c_void_p, c_void_p, c_int, c_void_p)),
    "rtc_wait": (c_int, (c_void_p, c_void_p, c_double)),
    "rtc_check": (c_int, (c_void_p, c_void_p, c_void_p, c_int, c_void_p)),
    "rtc_take": (c_int, (c_void_p, c_void_p, c_double)),
    "rtc_arrived": (None, (c_void_p, c_int, c_double, c_uint32)),
    "rtc_tell_arrivals": (c_int, (c_void_p, c_uint32, c_void_p)),
    "rtc_feedback": (c_int, (c_void_p, c_void_p, c_int, c_double, c_void_p)),
    "rtc_waits": (c_int, (c_void_p, c_void_p)),
    "rtc_nacked": (c_int, (c_void_p, c_void_p, c_int, c_double)),
    "rtc_sizes": (None, (POINTER(c_int64),)),
}


class Unavailable(Exception):
    """The compiled kernel cannot be used; the message is a sentence for the log."""


class Kernel:
    """The library's functions by their names without `rtc_`. Calls release the interpreter's lock; one thread calls."""

    def __init__(self, path: Path, openssls: Sequence[str | None] = OPENSSLS) -> None:
        """Raises `Unavailable` where it cannot be loaded, does not fit these rows, or none of `openssls` is there."""
        try:
            loaded = ctypes.CDLL(str(path))
            for name, (result, arguments) in _SIGNATURES.items():
                function = getattr(loaded, name)
                function.restype, function.argtypes = result, arguments
                setattr(self, name.removeprefix("rtc_"), function)
        except (OSError, AttributeError) as error:
            raise Unavailable(f"the compiled kernel cannot be loaded ({error})") from error
        self._library = loaded
        self._check_rows()
        self._give_crypto(openssls)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    def _check_rows(self) -> None:
        sizes = (c_int64 * 8)()
        self._library.rtc_sizes(sizes)
        kinds = (Packet, rows.LineRow, rows.DowntrackRow, rows.DigestRow, Inbox, rows.LayerRow, rows.ArrivalsRow)
        if list(sizes) != [*(ctypes.sizeof(kind) for kind in kinds), LAYOUT]:
            raise Unavailable("the compiled kernel is of another version")

    def _give_crypto(self, openssls: Sequence[str | None]) -> None:
        """Hand over OpenSSL's functions, found by their names, so that no development package is needed."""
        import _ssl  # noqa: F401, PLC0415 -- it brings libcrypto into the process

        for name in openssls:
            try:
                crypto = ctypes.CDLL(name)
                ciphers, signer = (
                    (c_void_p * len(names))(*(ctypes.cast(getattr(crypto, one), c_void_p).value for one in names))
                    for names in (_CRYPTO, _SIGNER)
                )
                crypto.OpenSSL_version.restype = ctypes.c_char_p
                self.openssl = str(crypto.OpenSSL_version(0).decode())
            except (OSError, AttributeError):
                continue
            if self._library.rtc_crypto(ciphers, len(_CRYPTO)) and self._library.rtc_signer(signer, len(_SIGNER)):
                self._crypto = crypto
                return
        raise Unavailable("no OpenSSL library was found")


_loaded: dict[str, Kernel] = {}


def load() -> tuple[Kernel | None, str]:
    """The compiled kernel, or None for the Python twin, and a sentence for the log that says why.

    Raises `Unavailable` where `RTC_KERNEL=c` asks for what is not there.
    """
    wanted = os.environ.get("RTC_KERNEL", "")
    if wanted not in {"", "c", "python"}:
        raise Unavailable(f"RTC_KERNEL is {wanted!r}: c and python are known")
    if wanted == "python":
        return None, "asked for"
    path = Path(os.environ.get(LIBRARY) or library(FOLDER))
    try:
        if not path.exists():
            raise Unavailable("set-up found no C compiler, or has not run since the sources changed")  # noqa: TRY301
        if str(path) not in _loaded:
            _loaded[str(path)] = Kernel(path)
    except Unavailable as error:
        if wanted == "c":
            raise
        return None, str(error)
    kernel = _loaded[str(path)]
    return kernel, f"compiled, with {kernel.openssl}"


def pointer(row: ctypes.Structure | ctypes.Array[Any]) -> int:
    """Where a row stands."""
    return ctypes.addressof(row)


def of_bytes(data: bytes) -> int:
    """Where the bytes stand; the caller keeps them."""
    return ctypes.cast(ctypes.c_char_p(data), c_void_p).value or 0


def of_buffer(data: bytearray) -> int:
    """Where a byte array stands; it must not grow while this is used."""
    return ctypes.addressof((c_uint8 * len(data)).from_buffer(data))
