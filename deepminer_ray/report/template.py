"""The pages' templates: whatever a run or a user said is escaped."""

from jinja2 import Environment, PackageLoader, StrictUndefined, Template


def template(name: str) -> Template:
    """A template of `deepminer_ray/report/templates/`."""
    environment = Environment(
        loader=PackageLoader("deepminer_ray.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"sort_keys": False}
    return environment.get_template(name)
