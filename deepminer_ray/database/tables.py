"""The tables of a run: which stage fills which, and an open transaction on them.

SQL cannot bind what a table is called that is written to: the few statements that are the same for all tables stand
here, with names of this package's own.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from deepminer_ray.database.statement import sql_folder, statement
from deepminer_ray.domain import Domain
from deepminer_ray.domain_file import mammography

UNWRITTEN = (duckdb.IOException, duckdb.TransactionException, duckdb.FatalException)
"""What DuckDB raises on a full disk, depending on where it finds out."""

RUN_MEMORY = "1GB"
"""What DuckDB may hold of a file it writes: by itself it takes most of the machine before it puts anything on disk."""

STAGES: dict[str, tuple[str, ...]] = {
    "catalog": ("scan", "lesion", "keyword", "region"),
    "partition": ("partition",),
    "cut": ("patch", "patch_size", "overlap", "label"),
    "train": ("epoch", "epoch_auc", "weight", "bias"),
    "probe": (
        "weight",
        "bias",
        "activation",
        "prediction",
        "response",
        "scan_prediction",
        "evidence",
        "histogram",
        "layer",
    ),
    "evaluate": ("auc", "measure", "operating_point", "confusion", "calibration", "roc"),
    "rank": ("influence", "unit_rank", "coverage", "top_patch", "contrast", "unseen"),
    "explain": ("explanation", "scan_map", "faithfulness", "silence"),
    "score": ("score", "name_score", "annotator_score"),
    "dissect": ("concept", "acquisition"),
}
"""Every stage in order, with the tables it fills; what experts say (`annotation`) belongs to none and stays."""

OUTLIVING = ("partition",)
"""Tables that outlive an earlier stage's repetition: a patient never moves because others were added."""

OF_DOMAIN: dict[str, Callable[[Domain], list[dict[str, Any]]]] = {
    "class": Domain.class_rows,
    "term": Domain.term_rows,
    "domain": Domain.rows,
}
"""Tables that every run has from the beginning, those of mammograms until `catalog` is told of others."""

DOMAIN = pa.schema(
    [
        ("name", pa.string()),
        ("said", pa.list_(pa.struct([("term", pa.string()), ("said", pa.string())]))),
        ("nothing", pa.string()),
        ("patches_across", pa.int32()),
        ("places_per_patch", pa.int32()),
        ("text", pa.string()),
    ]
)

LATER = ("class", "term", "domain", "keyword", "region", "patch_size", "epoch_auc")
"""Tables that runs of earlier versions lack, and that are made where they are opened: nothing is lost in them."""

NEEDS: dict[str, tuple[str, ...]] = {
    "catalog": (),
    "partition": ("catalog",),
    "cut": ("catalog",),
    "train": ("partition", "cut"),
    "probe": ("partition", "cut"),
    "evaluate": ("probe",),
    "rank": ("probe",),
    "explain": ("rank",),
    "score": ("explain",),
    "dissect": ("probe",),
}


@dataclass
class Tables:
    """An open transaction on the tables of a run; `opened` opens another on the same file."""

    connection: duckdb.DuckDBPyConnection
    opened: Callable[[], duckdb.DuckDBPyConnection] | None = None

    def finish(self) -> None:
        """Bring all that was written into the file."""
        self.connection.execute("commit")
        self.connection.execute("checkpoint")

    def renew(self) -> None:
        """Finish, and go on with another transaction that knows nothing of this one: no view, no setting.

        DuckDB keeps in mind what it wrote and where, as long as the file is open: 0.25 MB of a million rows, and all
        that it may hold.
        """
        assert self.opened is not None
        self.finish()
        self.connection.close()
        self.connection = self.opened()

    def insert(self, table: str, rows: pa.Table) -> None:
        """Append Arrow rows, columns matched by name."""
        self.connection.register("arriving", rows)
        self.connection.execute(f"insert into {table} by name (from arriving)")
        self.connection.unregister("arriving")

    def hold(self, memory: str, threads: int) -> None:
        """Let DuckDB hold no more than this of what is read and written from here on; each thread needs some of it."""
        self.connection.execute("set memory_limit = $memory", {"memory": memory})
        self.connection.execute("set threads = $threads", {"threads": threads})

    def fill(self, table: str, query: str | None = None, **parameters: Any) -> None:
        """Append what the statement QUERY (by default the one of the table's name) returns."""
        self.connection.execute(f"insert into {table} by name ({statement(query or table)})", parameters)

    @contextmanager
    def showing(self, name: str, rows: Any) -> Iterator[None]:
        """Name what Arrow holds or reads, or the Parquet files that a pattern fits, for the block's statements."""
        if isinstance(rows, str):
            self.connection.read_parquet(rows).create_view(name)
        else:
            self.connection.register(name, rows)
        try:
            yield
        finally:
            if isinstance(rows, str):
                self.connection.execute(f"drop view {name}")
            else:
                self.connection.unregister(name)

    def select(self, query: str, **parameters: Any) -> pa.Table:
        """The rows of the statement QUERY, seen from inside the transaction."""
        return self.connection.sql(statement(query), params=parameters).to_arrow_table()

    def batches(self, query: str, number: int, **parameters: Any) -> Iterator[pa.RecordBatch]:
        """The rows of the statement QUERY, so many at a time; what comes next is asked when all have been taken."""
        yield from self.connection.sql(statement(query), params=parameters).to_arrow_reader(number)

    def apply(self, query: str, **parameters: Any) -> None:
        """Execute the statement QUERY, which changes rows."""
        self.connection.execute(statement(query), parameters)

    def drop_from(self, stage: str) -> None:
        """Empty the tables of a stage and of every later one, and forget that they were finished."""
        order = list(STAGES)
        for dropped in order[order.index(stage) :]:
            for table in STAGES[dropped]:
                if table not in OUTLIVING or dropped == stage:
                    self.connection.execute(f"delete from {table}")
            for table in ("rejected", "repair", "stage"):
                self.connection.execute(f"delete from {table} where stage = $stage", {"stage": dropped})


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Make every table and view of an empty run."""
    make_tables(connection, [file.stem for file in sorted((sql_folder() / "table").glob("*.sql"))])
    for name in (sql_folder() / "view" / "order.txt").read_text().split():
        connection.execute(statement(f"view/{name}"))


def make_tables(connection: duckdb.DuckDBPyConnection, names: Iterable[str]) -> None:
    """Make some tables, empty but for those whose rows this package knows."""
    for name in names:
        connection.execute(statement(f"table/{name}"))
        if name in OF_DOMAIN:
            _fill_of_domain(Tables(connection), name, mammography())


def fill_of_domain(tables: Tables, domain: Domain) -> None:
    """Let the tables of a run's domain hold another."""
    for name in OF_DOMAIN:
        tables.connection.execute(f"delete from {name}")
        _fill_of_domain(tables, name, domain)


def _fill_of_domain(tables: Tables, name: str, domain: Domain) -> None:
    if rows := OF_DOMAIN[name](domain):
        tables.insert(name, pa.Table.from_pylist(rows, DOMAIN if name == "domain" else None))
