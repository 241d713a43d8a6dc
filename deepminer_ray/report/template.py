"""The pages' templates: whatever a run or a user said is escaped, and would not run if it were not."""

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

REPORT_ASSETS = Path(__file__).parent / "assets"
POLICY = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'"


def template(name: str) -> Template:
    """A template of `deepminer_ray/report/templates/`, with the style and script of its name, and a policy
    (Content Security Policy) by which nothing else runs, draws the page otherwise, or asks anything of anybody."""
    environment = Environment(
        loader=PackageLoader("deepminer_ray.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"sort_keys": False}
    stem = Path(name).stem
    policy = POLICY
    for what, suffix in (("style", "css"), ("script", "js")):
        file = REPORT_ASSETS / f"{stem}.{suffix}"
        if not file.is_file():
            continue
        text = "\n" + file.read_text(encoding="utf-8")
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        policy += f"; {what}-src 'sha256-{digest}'"
        environment.globals[what] = Markup(text)
    environment.globals["policy"] = policy
    return environment.get_template(name)
