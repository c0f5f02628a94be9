"""Every island's types, written from the apps that they speak with: `make contracts`; `--check` says which differ."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path

import django

from suite.runtime.folders import ROOT

SOURCE = Path("static", "src")
CONTRACTS = {
    "suite.meetings.contract": SOURCE / "meetings" / "payloads.ts",
    "suite.chat.contract": SOURCE / "chat" / "payloads.ts",
    "suite.documents.contract": SOURCE / "documents" / "payloads.ts",
    "suite.resources.contract": SOURCE / "shared" / "resources" / "payloads.ts",
    "suite.accounts.contract": SOURCE / "shared" / "people" / "payloads.ts",
}


def main(words: list[str]) -> int:
    """Write what differs; with `--check` write nothing, name it, and answer 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "suite.config.settings")
    django.setup()
    from suite.kernel.contracts import typescript  # noqa: PLC0415  (the apps are loaded first)

    differs = []
    for name, path in CONTRACTS.items():
        text = typescript(import_module(name))
        if not (ROOT / path).exists() or (ROOT / path).read_text(encoding="utf-8") != text:
            differs.append(path)
            if "--check" not in words:
                (ROOT / path).write_text(text, encoding="utf-8")
    for path in differs:
        state = "is not what the Python says: run `make contracts`" if "--check" in words else "is written"
        sys.stdout.write(f"{path} {state}\n")
    return 1 if differs and "--check" in words else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
