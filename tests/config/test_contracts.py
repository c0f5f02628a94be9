"""What the islands are told of the server's words is what Python says, and what its consumers know."""

from __future__ import annotations

from importlib import import_module
from typing import get_args, get_type_hints

import pytest

from suite.config.contracts import CONTRACTS
from suite.kernel.contracts import typescript
from suite.meetings.consumers import VERBS
from suite.meetings.contract import ClientMessage
from suite.runtime.folders import ROOT
from tests.config import contract_sample

SAMPLE = """/* Written by `make contracts` from tests.config.contract_sample: change it there. */

export type Colour = "red" | "blue";

/** One thing. */
export interface Thing {
  id: string;
  /** Between 0 and 1. */
  share: number | null;
  colour: Colour;
  names: readonly string[];
  either: readonly (string | number)[];
  later?: boolean;
}

export interface Box {
  type: "box";
  things: readonly Thing[];
}

export type Said = Box | Thing;
"""


def test_a_contract_in_typescript() -> None:
    assert typescript(contract_sample) == SAMPLE


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_islands_types_are_what_the_python_says(name: str) -> None:
    written = (ROOT / CONTRACTS[name]).read_text(encoding="utf-8")
    assert written == typescript(import_module(name)), "run `make contracts`"


def test_every_verb_of_the_meeting_s_page_is_one_that_the_socket_knows() -> None:
    said = {verb for one in get_args(ClientMessage) for verb in get_args(get_type_hints(one)["type"])}
    assert said == set(VERBS)
