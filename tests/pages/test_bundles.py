"""What the pages load by themselves, as Vite built it: each island's share, compressed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from suite.runtime.folders import ROOT

pytestmark = [pytest.mark.journey]  # needs the front end built

DIST = ROOT / "static" / "dist"
MOST = {"meetings": 400_000, "documents": 400_000}  # bytes
MOST_OF_OTHERS = 200_000
# Loaded when somebody joins, and of no use before: counted with the island.
WITH = {"meetings": ("static/src/meetings/inside/Inside.tsx",)}


def manifest() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DIST / ".vite" / "manifest.json").read_text())
    return found


def islands() -> list[str]:
    return sorted(path.parent.name for path in (ROOT / "static" / "src").glob("*/main.ts*"))


@pytest.mark.parametrize("island", islands())
def test_an_island_is_light(island: str) -> None:
    chunks = manifest()
    entry = next(name for name, chunk in chunks.items() if chunk.get("isEntry") and Path(name).parent.name == island)
    names = loaded(chunks, entry, *WITH.get(island, ()))
    files = {file for name in names for file in (chunks[name]["file"], *chunks[name].get("css", ()))}
    size = sum(compressed(file) for file in files)
    print(f"{island}: {size / 1000:.0f} kB in {len(files)} files")
    assert size <= MOST.get(island, MOST_OF_OTHERS)


def loaded(chunks: dict[str, Any], *names: str) -> set[str]:
    """These chunks, with all that they import before they run."""
    found = set(names)
    for name in names:
        found |= loaded(chunks, *chunks[name].get("imports", ()))
    return found


def compressed(file: str) -> int:
    """By Brotli, as every browser of today asks for; a file that gains nothing by it is sent as it is."""
    path = DIST / file
    brotli = path.with_name(f"{path.name}.br")
    return (brotli if brotli.exists() else path).stat().st_size
