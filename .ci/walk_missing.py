"""Print the steps of the walk that are not built yet."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "tests" / "journeys" / "test_the_walk.py"


def main() -> int:
    for node in ast.parse(SOURCE.read_text()).body:
        targets = [node.target] if isinstance(node, ast.AnnAssign) else node.targets if isinstance(node, ast.Assign) else []
        if any(isinstance(target, ast.Name) and target.id == "WALK_MISSING" for target in targets):
            missing = ast.literal_eval(node.value)
            print(f"WALK_MISSING: {len(missing)}")
            for name, reason in missing.items():
                print(f"  {name}: {reason}")
            return 0
    print("tests/journeys/test_the_walk.py has no WALK_MISSING")
    return 1


if __name__ == "__main__":
    sys.exit(main())
