"""Arrow's filesystems of buckets, and what buckets answer as sentences for the user."""

import os
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from deepminer_ray.errors import BadInput, Unreachable

SECONDS_OF_SILENCE = 30.0
"""A server that has sent nothing for so long is asked again; Arrow by itself gives one 3 s. Google's is asked again
until so long is over."""
ATTEMPTS = 4
SERVER = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
GOOGLE, GOOGLE_SERVER = ("gs", "gcs"), "STORAGE_EMULATOR_HOST"
"""Another server than Google's, which then is not told who asks."""
REGION = ("AWS_REGION", "AWS_DEFAULT_REGION")
"""Where one of these says where to ask, Amazon is not asked where a bucket lies."""
REFUSALS = ("ACCESS_DENIED", "INVALID_ACCESS_KEY_ID", "SIGNATURE_DOES_NOT_MATCH", "TOKEN", "HTTP response code 403")
GOOGLE_REFUSALS = ("PERMISSION_DENIED", "UNAUTHENTICATED")
"""What buckets answer to one who may not."""
AMAZON_KEYS, GOOGLE_KEY = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", "GOOGLE_APPLICATION_CREDENTIALS"
NO_TOKEN = "access token to authenticate"
"""What Google's client says without credentials, after it looked for them wherever they may be."""
CALL_AGAIN = "call it again when the storage answers, what was finished is kept."


@cache
def filesystem_of(scheme: str, bucket: str) -> Any:
    """Arrow's filesystem of a bucket, with the credentials that its environment variables or files name."""
    import pyarrow as pa
    from pyarrow.fs import AwsStandardS3RetryStrategy, FileSystem, GcsFileSystem, S3FileSystem, resolve_s3_region

    try:
        if scheme in GOOGLE:
            named = os.environ.get(GOOGLE_SERVER, "")
            server = urlsplit(named if "://" in named else f"http://{named}")
            return GcsFileSystem(
                anonymous=bool(named),
                scheme=server.scheme if named else "https",
                endpoint_override=server.netloc or None,
                retry_time_limit=timedelta(seconds=SECONDS_OF_SILENCE),
            )
        if scheme == "s3":
            server = urlsplit(next(filter(None, map(os.environ.get, SERVER)), ""))
            known = server.netloc or any(name in os.environ for name in REGION)
            return S3FileSystem(
                scheme=server.scheme or None,
                endpoint_override=server.netloc or None,
                region=None if known else resolve_s3_region(bucket),
                connect_timeout=SECONDS_OF_SILENCE,
                request_timeout=SECONDS_OF_SILENCE,
                retry_strategy=AwsStandardS3RetryStrategy(max_attempts=ATTEMPTS),
            )
        filesystem, _ = FileSystem.from_uri(f"{scheme}://{bucket}")
    except pa.ArrowInvalid as error:
        raise BadInput(f"{scheme}://{bucket} cannot be used: {str(error).splitlines()[0]}") from error
    except (OSError, pa.ArrowException) as error:
        raise Unreachable(bucket_failure(f"{scheme}://{bucket}", "found", str(error))) from error
    return filesystem


def no_bucket(address: str) -> str:
    """That the bucket of an address is not there."""
    return f"There is no bucket {address.split('/')[2]}: correct the address {address}, or create the bucket."


def bucket_failure(address: str, what: str, reason: str) -> str:
    """Why something cannot be `what` (read, written), from what a client of its storage says."""
    if "NO_SUCH_BUCKET" in reason or ("Bucket" in reason and "not found" in reason):
        return no_bucket(address)
    if NO_TOKEN in reason:
        cause = reason.partition("error message was: ")[2].partition(" error_info=")[0]
        return (
            f"{address} cannot be {what}, Google's client has nothing to say who asks ({cause}): set {GOOGLE_KEY} to a "
            "file of credentials on every node, correct the one that it names, or try again when Google answers."
        )
    if any(sign in reason for sign in REFUSALS + GOOGLE_REFUSALS):
        wanted = GOOGLE_KEY if address.split(":")[0] in GOOGLE else AMAZON_KEYS
        return (
            f"{address} cannot be {what}, the bucket refuses: set {wanted} (or what your storage wants) on every node."
        )
    short = reason.splitlines()[0].partition(" (Request ID")[0]
    return f"{address} cannot be {what} ({short}): {CALL_AGAIN}"
