"""The report: complete in itself, its numbers those of the run, its SQL what a plain DuckDB answers alike."""

import re
import shutil
from pathlib import Path

import duckdb
import pytest

from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput
from deepminer_ray.report.page import write_report
from deepminer_ray.stages.annotate import annotate

SCRIPT = "<script>alert('x')</script>"


def test_the_report_stands_alone_and_its_sql_runs(ranked: Run, tmp_path: Path) -> None:
    run = Run(shutil.copytree(ranked.folder, tmp_path / "run"))
    unit = run.rows("report/unit")[0]["unit"]
    names = tmp_path / "names.csv"
    names.write_text(f'unit,annotator,phenomenon,category\n{unit},Anna,"{SCRIPT}",Mass\n')
    annotate(run, str(names))
    file = write_report(run)
    html = file.read_text()
    assert file == run.folder / "report.html"
    policy = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; style-src 'sha256-"
    assert policy.replace("'", "&#39;") in html and " style=" not in html and "script-src" not in html
    assert SCRIPT not in html and "&lt;script&gt;" in html
    assert not re.findall(r'(?:src|href)="(?!data:)', html), "nothing is fetched from anywhere"
    assert f"unit_{unit + 1:04d}" in html and html.count('class="patch"') == 4 * len(run.rows("report/unit"))
    assert f"1 of {len(run.rows('report/unit'))} units named" in html
    assert "0.872" in html and "0.758" in html, "the paper's AUC and coverage of malignant"
    measured = run.ask("from measure where measure = 'auc' and level = 'scan' and class = 'benign'").to_pylist()[0]
    assert f"{measured['value']:.3f}" in html
    queries = re.findall(r"<summary>SQL</summary><pre>(.*?)</pre>", html, re.DOTALL)
    assert len(queries) == 7 + 2 * 3, "ROC curves and calibration of three partitions are drawn"
    with duckdb.connect(str(run.database), read_only=True) as plain:
        for query in queries:
            text = query.replace("&#39;", "'").replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")
            assert plain.sql(text.replace("&#34;", '"')) is not None


def test_a_run_that_is_not_ranked_has_no_report(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="needs `rank` first"):
        write_report(Run.created(tmp_path / "run"))
