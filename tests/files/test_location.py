"""Films, patches and checkpoints in a bucket, behind servers on this machine's loopback that speak S3's protocol and
Google's."""

import errno
import os
import time
from pathlib import Path

import pytest

from deepminer_ray.errors import BadInput, Unreachable
from deepminer_ray.files import bucket as buckets
from deepminer_ray.files import location as module
from deepminer_ray.files.bucket import GOOGLE_KEY, GOOGLE_SERVER, REGION, SERVER, filesystem_of
from deepminer_ray.files.location import Remote, place, read_ends, read_start, remove, states, write_whole
from tests.bucket import Between, free_port


@pytest.mark.parametrize(
    ("text", "named"),
    [("/a/b", "/a/b"), ("a/b", "a/b"), ("file:///a/b", "/a/b"), ("file:/a", "file:/a")],
)
def test_paths_and_file_uris_are_paths_of_this_machine(text: str, named: str) -> None:
    assert place(text) == Path(named)


@pytest.mark.parametrize("text", ["ftp://host/x", "s3://", "s3://bucket/x?endpoint_override=y"])
def test_other_uris_are_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(BadInput, match=r"cannot be used|names no bucket"):
        place(text)


BUCKETS = pytest.mark.parametrize("kind", ["bucket", "google_bucket"])


@BUCKETS
def test_an_object_behaves_like_a_file(kind: str, request: pytest.FixtureRequest) -> None:
    bucket = request.getfixturevalue(kind)
    stored = bucket / "run" / "patch" / "000001.parquet"
    assert str(stored) == f"{bucket}/run/patch/000001.parquet"
    assert (stored.name, stored.stem, stored.suffix) == ("000001.parquet", "000001", ".parquet")
    assert not stored.is_file() and not stored.exists() and not stored.parent.is_dir()
    write_whole(stored, b"pixels")
    write_whole(stored.with_name("000002.parquet"), b"")
    write_whole(bucket / "run" / "deeper" / "a.ics", "äß".encode())
    assert stored.is_file() and stored.parent.is_dir() and (bucket / "run").exists()
    assert stored.read_bytes() == stored.open().read() == b"pixels" and read_start(stored, 3) == b"pix"
    assert read_ends(stored, 2) == (6, b"pi", b"ls") and read_ends(stored, 9) == (6, b"pixels", b"pixels")
    assert [file.name for file in stored.parent.glob("*.parquet")] == ["000001.parquet", "000002.parquet"]
    assert list((bucket / "run").glob("*")) == []
    assert [str(file) for file in bucket.rglob("*.ics")] == [f"{bucket}/run/deeper/a.ics"]
    assert (bucket / "run" / "deeper" / "a.ics").read_text() == "äß"
    stored.unlink()
    stored.unlink(missing_ok=True)
    with pytest.raises(FileNotFoundError):
        stored.read_bytes()
    remove(bucket / "run")
    assert list(bucket.rglob("*")) == []


@BUCKETS
def test_what_is_written_anew_has_another_state(kind: str, request: pytest.FixtureRequest) -> None:
    bucket = request.getfixturevalue(kind)
    files = [bucket / folder / f"{name}.LJPEG" for folder in ("a", "b") for name in ("x", "y")]
    for file in files:
        write_whole(file, b"film")
    before = states([str(file) for file in files])
    assert before.keys() == {str(file) for file in files}
    write_whole(files[0], b"another film")
    now = states([str(file) for file in files])
    assert [now[str(file)] != before[str(file)] for file in files] == [True, False, False, False]


def test_a_server_that_fails_for_a_moment_is_asked_again(bucket: Remote, between: Between) -> None:
    write_whole(bucket / "x", b"content")
    left = [2]

    def refuse(asked: str) -> bool:
        left[0] -= asked.startswith("GET")
        return asked.startswith("GET") and left[0] >= 0

    between.refuse = refuse
    assert (bucket / "x").read_bytes() == b"content"
    assert left[0] < 0


def test_a_slow_server_is_waited_for(bucket: Remote, between: Between) -> None:
    write_whole(bucket / "x", b"content")
    between.delay = 4.0
    started = time.monotonic()
    assert (bucket / "x").read_bytes() == b"content"
    assert time.monotonic() - started > 4


def test_a_server_that_keeps_failing_is_no_fault_of_the_file(bucket: Remote, between: Between) -> None:
    write_whole(bucket / "x", b"content")
    between.refuse = lambda _: True
    with pytest.raises(Unreachable, match=r"x cannot be read .*call it again when the storage answers"):
        (bucket / "x").read_bytes()
    with pytest.raises(Unreachable, match="x cannot be written"):
        write_whole(bucket / "x", b"other")
    between.refuse = lambda _: False
    assert (bucket / "x").read_bytes() == b"content"


@BUCKETS
def test_a_bucket_that_does_not_exist_gets_a_sentence(kind: str, request: pytest.FixtureRequest) -> None:
    missing = place(f"{request.getfixturevalue(kind).scheme}://no-such-bucket-here/run")
    assert isinstance(missing, Remote)
    for ask in (lambda: missing.is_dir(), lambda: list(missing.rglob("*")), lambda: write_whole(missing / "x", b"")):
        with pytest.raises(Unreachable, match="There is no bucket no-such-bucket-here"):
            ask()


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("Bucket 'lost' not found", r"^There is no bucket lost: correct the address s3://lost"),
        ("AWS Error NETWORK_CONNECTION", r"^s3://lost cannot be found \(AWS Error NETWORK_CONNECTION\): call it again"),
    ],
)
def test_a_bucket_whose_region_cannot_be_asked_for_gets_a_sentence(
    answer: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing says where it lies, Amazon is asked, which a test must not."""
    for name in (*SERVER, *REGION):
        monkeypatch.delenv(name, raising=False)

    def asked(_: str) -> str:
        raise OSError(answer)

    monkeypatch.setattr("pyarrow.fs.resolve_s3_region", asked)
    with pytest.raises(Unreachable, match=sentence):
        place("s3://lost/ddsm")


def test_who_may_not_is_told_about_credentials(bucket: Remote, between: Between) -> None:
    write_whole(bucket / "x", b"content")
    between.refuse, between.status = (lambda _: True), 403
    asked = {
        "read": lambda: (bucket / "x").read_bytes(),
        "written": lambda: write_whole(bucket / "x", b"other"),
        "listed": lambda: list(bucket.rglob("*")),
    }
    for what, ask in asked.items():
        with pytest.raises(Unreachable, match=rf"cannot be {what}, the bucket refuses: set AWS_ACCESS_KEY_ID"):
            ask()


@pytest.mark.parametrize(
    ("credentials", "cause"),
    [
        (None, "Could not connect"),
        ("missing.json", "Cannot open credentials file"),
        ("empty.json", "Unsupported credential"),
    ],
)
def test_what_google_wants_to_know_is_said_soon(
    credentials: str | None, cause: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without credentials its client asks the machine it may run on, by itself for a quarter of an hour."""
    (tmp_path / "empty.json").write_text("{}")
    for name in (GOOGLE_SERVER, GOOGLE_KEY, "GOOGLE_GCLOUD_ADC_PATH_OVERRIDE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GCE_METADATA_ROOT", f"127.0.0.1:{free_port()}")
    if credentials:
        monkeypatch.setenv(GOOGLE_KEY, str(tmp_path / credentials))
    monkeypatch.setattr(buckets, "SECONDS_OF_SILENCE", 1.0)
    filesystem_of.cache_clear()
    started = time.monotonic()
    try:
        with pytest.raises(Unreachable, match=rf"^gs://films/ddsm cannot be read, .*\(.*{cause}.*set {GOOGLE_KEY}"):
            (place("gs://films") / "ddsm").is_file()
    finally:
        filesystem_of.cache_clear()
    assert time.monotonic() - started < 30


def test_another_server_than_googles_needs_no_scheme(google_bucket: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(GOOGLE_SERVER, os.environ[GOOGLE_SERVER].removeprefix("http://"))
    filesystem_of.cache_clear()
    write_whole(google_bucket / "x", b"content")
    assert (google_bucket / "x").read_bytes() == b"content"


def test_who_may_not_ask_about_a_bucket_may_know_what_is_in_it(
    google_bucket: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Google's usual roles have it."""
    filesystem = filesystem_of("gs", google_bucket.path.parts[0])

    class Guarded:
        def __getattr__(self, name: str) -> object:
            return getattr(filesystem, name)

        def get_file_info(self, asked: object) -> object:
            if asked == str(google_bucket.path):
                raise PermissionError(errno.EACCES, "PERMISSION_DENIED")
            return filesystem.get_file_info(asked)

    monkeypatch.setattr(module, "filesystem_of", lambda *_: Guarded())
    assert not (google_bucket / "x").exists()
    write_whole(google_bucket / "x", b"content")
    assert (google_bucket / "x").is_file() and google_bucket.is_dir()
