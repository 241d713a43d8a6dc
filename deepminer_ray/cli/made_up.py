"""The commands that make images up: phantoms, and the rehearsal of a domain on one."""

from pathlib import Path
from typing import Annotated

import typer

from deepminer_ray.cli.app import app
from deepminer_ray.cli.options import Seed

IMAGES_MADE_UP, PATIENTS_MADE_UP = 200, 84
"""Images of a domain's phantom, and patients of the one without a domain."""


@app.command()
def phantom(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="where to write the files")],
    patients: Annotated[
        int | None, typer.Option(min=1, help="how many patients, without a domain; by default 84")
    ] = None,
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
        if patients is not None:
            raise BadInput("--patients is for the phantom without a domain: with --domain FILE say how many --images.")
        from deepminer_ray.phantom.domain_source import write_domain_phantom

        write_domain_phantom(directory, domain, images or IMAGES_MADE_UP, seed)
        return
    if images is not None:
        raise BadInput("--images is for a domain of yours: add --domain FILE, or ask for --patients.")
    from deepminer_ray.phantom.patient import write_phantom

    write_phantom(directory, patients or PATIENTS_MADE_UP, seed)


@app.command()
def rehearse(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="such as domain.toml, see docs/domains.md")],
    *,
    images: Annotated[int, typer.Option(min=1, help="how many images to make up")] = IMAGES_MADE_UP,
    seed: Seed = 0,
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="keep the images in DIR/source and the run in DIR/run")
    ] = None,
) -> None:
    """Try on made-up images which terms of a domain a run recovers.

    Do this before you ask anyone for names.
    """
    from tempfile import TemporaryDirectory

    from deepminer_ray.database.run import Run
    from deepminer_ray.errors import BadInput
    from deepminer_ray.phantom.domain_source import write_domain_phantom
    from deepminer_ray.sources.kinds import domain_of_file
    from deepminer_ray.stages import rehearse as rehearsal

    rehearsal.refuse_few_images(domain_of_file(file), images)
    if keep and keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise BadInput(f"{keep} is not an empty directory: choose another one to keep the rehearsal in.")
    with TemporaryDirectory(prefix="rehearsal-") as temporary:
        folder = keep or Path(temporary)
        write_domain_phantom(folder / "source", file, images, seed)
        run = Run.created(folder / "run")
        typer.echo(rehearsal.rehearsed_table(run, rehearsal.rehearse(run, folder / "source", seed)))
