"""The command that makes images up."""

from pathlib import Path
from typing import Annotated

import typer

from deepminer_ray.cli.app import app
from deepminer_ray.cli.options import Seed

IMAGES_MADE_UP = 200
"""Images of a domain's phantom."""


@app.command()
def phantom(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="where to write the files")],
    patients: Annotated[int, typer.Option(min=1, help="how many patients")] = 84,
    seed: Seed = 0,
    *,
    domain: Annotated[
        Path | None, typer.Option(metavar="FILE", help="make up images of this domain instead, see docs/domains.md")
    ] = None,
    images: Annotated[int | None, typer.Option(min=1, help="how many images of the domain; by default 200")] = None,
) -> None:
    """Make up patients with known answers, in DDSM's formats.

    With --domain it makes up images of that domain. The answers are in truth.json.
    """
    from deepminer_ray.errors import BadInput

    if domain is not None:
        from deepminer_ray.phantom.domain_source import write_domain_phantom

        write_domain_phantom(directory, domain, images or IMAGES_MADE_UP, seed)
        return
    if images is not None:
        raise BadInput("--images is for a domain of yours: add --domain FILE, or ask for --patients.")
    from deepminer_ray.phantom.patient import write_phantom

    write_phantom(directory, patients, seed)
