"""The published data sets that are read from tables of images, and where they have official lists."""

from typing import Any

from deepminer_ray.files.location import Place
from deepminer_ray.sources import cbis, cmmd, embed, rsna, vindr
from deepminer_ray.sources.data_set import DataSet, read_item_of

DATA_SETS = (
    DataSet(
        vindr.SOURCE_KIND,
        "VinDr-Mammo",
        vindr.TABLE_OF_FINDINGS,
        vindr.recognise,
        vindr.find_images_of_vindr,
        read_item_of(vindr.SOURCE_KIND),
        assessed=True,
    ),
    DataSet(
        rsna.SOURCE_KIND,
        "RSNA",
        rsna.TABLE_OF_BREASTS,
        rsna.recognise,
        rsna.find_images_of_rsna,
        read_item_of(rsna.SOURCE_KIND),
    ),
    DataSet(
        cmmd.SOURCE_KIND,
        "CMMD",
        cmmd.TABLES_OF_BREASTS,
        cmmd.recognise,
        cmmd.find_images_of_cmmd,
        cmmd.read_image_of_cmmd,
    ),
    DataSet(
        embed.SOURCE_KIND,
        "EMBED",
        f"{embed.CLINICAL}.csv",
        embed.recognise,
        embed.find_images_of_embed,
        embed.read_image_of_embed,
    ),
)


def official_lists(directory: Place) -> list[dict[str, Any]] | None:
    """Patients and the official lists they are in; None where the directory is of no data set that has such lists."""
    if cbis.recognise(directory):
        return cbis.read_official_lists(directory)
    return vindr.read_official_lists(directory) if vindr.recognise(directory) else None
