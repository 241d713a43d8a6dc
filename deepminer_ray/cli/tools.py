"""The commands beside the stages: questions to a run, single files."""

from pathlib import Path
from typing import Annotated

import typer

from deepminer_ray.cli.app import app, existing
from deepminer_ray.cli.options import Folder, Seed


@app.command()
def cluster(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="for `ray up`, such as cluster-local.yaml")],
) -> None:
    """Check a cluster file, and whether its head answers by ssh."""
    from deepminer_ray.workers.cluster_file import checked_cluster_file

    typer.echo(checked_cluster_file(file))


@app.command()
def domain(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="such as domain.toml, see docs/domains.md")],
) -> None:
    """Check a file that says what images are of."""
    from deepminer_ray.sources.kinds import domain_of_file

    typer.echo(domain_of_file(file).shown())


@app.command()
def annotations(
    folder: Folder, out: Annotated[Path, typer.Argument(metavar="OUT", help="a .csv or .json file")]
) -> None:
    """Write the latest answers about units to a file.

    `annotate` accepts this file.
    """
    from deepminer_ray.annotation.exchange import write_annotations

    write_annotations(out, existing(folder).rows("answer"))


@app.command()
def words(
    corpus: Annotated[Path, typer.Argument(metavar="CORPUS", help="a text with one sentence in each line")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="the file to write, in word2vec's text format")],
) -> None:
    """Train word vectors on a text with gensim."""
    from deepminer_ray.explanations.words import train_words

    train_words(corpus, out)


@app.command()
def audit(folder: Folder) -> None:
    """Find rows that should not exist, and files that changed.

    The exit status is 1 if there are any. If a run.duckdb was mailed alone, only its rows are checked.
    """
    from deepminer_ray.database.digests import mailed_alone, wrong_files

    run = existing(folder)
    alone = mailed_alone(run)
    violations, files = run.audit(), [] if alone else wrong_files(run)
    for name, rows in violations.items():
        typer.echo(f"{name}: {rows.num_rows} rows, for example {rows.slice(0, 1).to_pylist()[0]}")
    for file in files:
        typer.echo("{file}: {why}".format(**file))
    if alone:
        typer.echo(f"rows alone were checked: images, patches and networks are not here ({run.storage})")
    if violations or files:
        raise typer.Exit(1)
    typer.echo(
        "no row that should not exist" if alone else "no row that should not exist, no file that is not what was made"
    )


@app.command()
def sql(
    folder: Folder,
    statement: Annotated[str, typer.Argument(metavar="STATEMENT", help='such as "from coverage"')],
    *,
    csv: Annotated[bool, typer.Option("--csv", help="print csv instead of a table")] = False,
    json: Annotated[bool, typer.Option("--json", help="print json instead of a table")] = False,
    parquet: Annotated[Path | None, typer.Option(metavar="FILE", help="write this file instead of a table")] = None,
    files: Annotated[bool, typer.Option("--files", help="let the statement read and write other files")] = False,
) -> None:
    """Ask a run a question in SQL.

    The statement must select. It reads only the run's own file, unless you give --files.
    """
    from deepminer_ray.errors import BadInput

    run = existing(folder)
    if csv + json + (parquet is not None) > 1:
        raise BadInput("An answer has one form: --csv, --json or --parquet FILE.")
    if parquet:
        from deepminer_ray.database.export import write_rows

        rows = run.ask(statement, files)
        write_rows(parquet, rows.schema, rows.to_batches())
        typer.echo(f"{parquet}: {rows.num_rows} rows")
    elif csv or json:
        from deepminer_ray.files.cells import text_of

        typer.echo(text_of(run.ask(statement, files), json), nl=json)
    else:
        typer.echo(run.shown(statement, files))


@app.command()
def export(
    folder: Folder,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="where to write a Parquet file for each table")],
) -> None:
    """Write every table of a run as DIR/TABLE.parquet."""
    from deepminer_ray.database.export import export_tables

    for table, rows in export_tables(existing(folder), directory).items():
        typer.echo(f"{directory / table}.parquet: {rows} rows")


@app.command()
def status(folder: Folder) -> None:
    """Say what is done and what is to do, with numbers of rows."""
    typer.echo(existing(folder).status())


@app.command()
def breast(
    folder: Folder,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="a .png, .pdf or .svg file")],
    scans: Annotated[int, typer.Option(min=1, help="how many scans, spread over the run")] = 12,
) -> None:
    """Draw what was taken for the region on some images.

    Check the drawing by eye. The run must be cut.
    """
    from deepminer_ray.errors import BadInput
    from deepminer_ray.patches.picture import draw_regions
    from deepminer_ray.patches.shard import read_scan_and_region

    run = existing(folder)
    chosen = run.rows("cut_scan", scans=scans)
    if not chosen:
        raise BadInput(f"No scan of {folder} is cut: `deepminer cut {folder}` first.")
    stored = run.storage / "scan"
    drawn = [(row["scan"], *read_scan_and_region(stored, row["scan_number"])) for row in chosen]
    draw_regions(out, drawn, run.domain.words)
    typer.echo(f"{out}: {len(chosen)} scans")


@app.command()
def decode(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="an .LJPEG")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="a .png, .tiff or .npy file")],
    rows: Annotated[int | None, typer.Option(help="rows of the image; by default from the .ics or the stream")] = None,
    columns: Annotated[int | None, typer.Option(help="columns of the image, likewise")] = None,
    density: Annotated[
        bool, typer.Option("--density", help="write optical density x 10,000 instead of grey levels")
    ] = False,
) -> None:
    """Write one LJPEG as an image, exact to the bit."""
    from deepminer_ray.sources.decode import decode_file

    typer.echo(f"{out}: {decode_file(file, out, rows, columns, density)}")


@app.command()
def survey(
    folder: Folder,
    *,
    expert: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="who gets a personal link (repeat the option for several)")
    ] = None,
    host: Annotated[str, typer.Option(help="the address to serve from")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="the port to serve from; 0 takes a free one")] = 8765,
    repeats: Annotated[int, typer.Option(min=0, help="how many units to ask about twice, without a sign of it")] = 0,
    shuffle: Annotated[bool, typer.Option("--shuffle", help="give each expert an order of their own")] = False,
    labels: Annotated[bool, typer.Option("--labels", help="show the classes of the patches")] = False,
    static: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="write the pages as files instead; `annotate` accepts the answers"),
    ] = None,
) -> None:
    """Serve pages on which experts look at units and name them.

    Section 2.2 and Figure 2 of the paper. The pages open in a browser.
    """
    from deepminer_ray.survey.desk import Settings

    settings = Settings(repeats, shuffle, labels)
    if static:
        from deepminer_ray.survey.static import write_survey

        for page in write_survey(existing(folder), static, expert or [], settings):
            typer.echo(page)
        return
    from deepminer_ray.survey.serve import serve

    serve(existing(folder), expert or [], host, port, settings)


@app.command()
def report(
    folder: Folder,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="the page to write; by default RUN/report.html")
    ] = None,
) -> None:
    """Write one HTML page that compares a run with the paper.

    It has this run's tables and figures beside the paper's, each with its SQL.
    """
    from deepminer_ray.report.page import write_report

    typer.echo(write_report(existing(folder), out))


@app.command()
def questions(
    folder: Folder,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="where to write questions.csv and key.csv")],
    number: Annotated[
        int | None,
        typer.Option(min=2, help="how many questions, half of them of the worst class; by default as many as possible"),
    ] = None,
    seed: Seed = 0,
) -> None:
    """Ask readers to judge by the explanations' words alone.

    Readers tell the two most severe classes apart. `mark` marks their answers.
    """
    from deepminer_ray.explanations import readers

    run = existing(folder)
    classes = run.domain.classes.names
    chosen = readers.reader_questions(run.rows("question"), number, seed, (classes[-1], classes[-2]))
    readers.write_questions(directory, chosen)
    typer.echo(f"{len(chosen)} questions: {directory / readers.SHEET}; not for readers: {directory / readers.KEY}")


@app.command()
def mark(
    key: Annotated[Path, typer.Argument(metavar="KEY", help="key.csv of `questions`")],
    answers: Annotated[Path, typer.Argument(metavar="ANSWERS", help="a reader's questions.csv, filled in")],
) -> None:
    """Mark a reader's answers.

    It prints accuracy, its exact interval, and an exact test against guessing.
    """
    from deepminer_ray.explanations import readers

    typer.echo(readers.mark(key, answers))
