"""Every option of the stages and of `plan`, once: its name, default, help and bounds.

The command line, the stages and what a run remembers of them are made from these classes. A new option is a new field.
"""

from dataclasses import KW_ONLY, MISSING, dataclass
from functools import partial
from pathlib import Path

from deepminer_ray import paper
from deepminer_ray.classes import MOST_CLASSES
from deepminer_ray.mammography import SUSPICIOUS_FROM
from deepminer_ray.option import Options, option, same

_again = partial(option, False, "do the stage again, and drop every later one", stored=False, in_run=False)
_workers = partial(option, 1, "Ray workers; 0: this process does the work", least=0, stored=False)
_gpu = partial(option, False, "ask Ray for a GPU for each worker", flag="--gpu/--cpu", stored=False)
_seed = partial(option, 0, "seed of the random numbers", least=0)
_partitions = partial(option, None, "train, test, holdout or all (repeat the option for several)")


@dataclass(frozen=True)
class CatalogOptions(Options):
    """Options of `catalog`."""

    source: str = option(
        MISSING,
        "the directory that holds the images, or its URI",
        metavar="SOURCE",
        argument=True,
        run_help="the directory that holds the images, or its URI; without it the run resumes as it was begun",
        file=True,
    )
    _: KW_ONLY
    source_kind: str | None = option(None, "its kind (see docs/sources.md); by default recognised")
    domain: str | None = option(
        None,
        "classes and words of your images, see docs/domains.md; by default domain.toml in SOURCE, or mammography",
        metavar="FILE",
        file=True,
        stored=False,
    )
    suspicious_from: int = option(
        SUSPICIOUS_FROM,
        "where a source has BI-RADS categories and no pathology, findings from this one on count as malignant",
        least=3,
        most=6,
        stored=False,
    )
    window: int | None = option(
        None, "which of several windows of a DICOM header to use, from 1", least=1, stored=False, metavar="N"
    )
    raw: bool = option(False, "convert DICOM images that are for processing, and not left out", stored=False)
    views: tuple[str, ...] | None = option(
        None,
        "also take views that are tomosynthesis, magnification, spot, specimen or all (repeat the option for several)",
        metavar="KIND",
        stored=False,
    )
    mix: bool = option(False, "allow film and digital images, or density and display, in one run", stored=False)
    again: bool = _again()


@dataclass(frozen=True, kw_only=True)
class PartitionOptions(Options):
    """Options of `partition`."""

    train: float = option(paper.TRAIN_SHARE, "share of the patients to train on")
    test: float = option(paper.TEST_SHARE, "share of the patients to test on; the rest is holdout")
    validation: float = option(
        paper.VALIDATION_SHARE, "share of the training patients to choose the epoch by", least=0, most=0.9
    )
    seed: int = _seed(in_run=False)  # `run` lists it where training has it
    lists: str | None = option(None, "patients and their partitions, or CBIS-DDSM's directory", metavar="CSV")
    again: bool = _again()


@dataclass(frozen=True, kw_only=True)
class CutOptions(Options):
    """Options of `cut`."""

    side: int = option(
        paper.SIDE,
        "side of a patch in px; an image is resized to 4 patches across, or as many as the domain says",
        run_help="px of a patch; by default 227, or the checkpoint's side",
    )
    breast: float | None = option(None, "least share of the region, such as the breast, in a patch", in_run=False)
    cover: float | None = option(None, "share of the patch a finding must cover, if not the domain's", in_run=False)
    within: float | None = option(None, "or share of the finding in the patch, if not the domain's", in_run=False)
    whole: str | None = option(
        None,
        "make each whole image one input of this size, scaled and padded; --side then means nothing",
        metavar="WIDTHxHEIGHT",
        stored=False,
    )
    storage: str | None = option(None, "where images, patches and epochs go; by default RUN", metavar="URI", file=True)
    again: bool = _again()


@dataclass(frozen=True, kw_only=True)
class TrainingOptions(Options):
    """Options of `train`."""

    network: str = option(
        paper.NETWORK, "a torchvision network with features, global average pooling and one linear layer"
    )
    weights: str = option(
        "default",
        "default, none (random), or the file or URI of a state dict or checkpoint",
        file=True,
        words=("default", "none"),
    )
    classes: int | None = option(
        None, "2: the most severe class or not; by default all of the domain", least=2, most=MOST_CLASSES
    )
    until: str | None = option(None, "end the network with this layer, named as torch names it", metavar="LAYER")
    pool: str = option("avg", "what the linear layer takes of a unit's map: avg or max")
    preset: str = option("paper", "paper, or authors (the schedule and patch side of the authors' code)", stored=False)
    epochs: int | None = option(None, "number of epochs; by default the authors' 5", least=1)
    batch: int = option(paper.BATCH, "patches in each step, over all workers", least=1)
    learning_rate: float = option(paper.LEARNING_RATE, "learning rate of the optimizer", least=0)
    decay_from_epoch: int | None = option(None, "use a tenth of the learning rate from this epoch on", least=1)
    optimizer: str = option("sgd", "sgd (with the paper's momentum) or adamw")
    schedule: str = option("steps", "steps, or one-cycle (the rate rises and falls once over all epochs)")
    normalisation: str | None = option(None, "what the weights expect: imagenet, caffe or inception")
    balance: str = option(
        "none", "none; weights: errors on rarer classes count more; sampling: rarer classes come more often"
    )
    flips: bool = option(False, "mirror training patches by chance, in both directions", stored=False)
    rotation: float = option(0.0, "turn training patches by up to this many degrees", least=0, most=180, stored=False)
    jitter: float = option(
        0.0,
        "change optical density (in colour: brightness) by up to this much, and contrast by up to this share",
        least=0,
        most=1,
        stored=False,
    )
    keep: str = option("best", "best (the best epoch on the validation patients) or last")
    at_once: int | None = option(None, "patches in a worker's memory at once; gradients add up to --batch", least=1)
    mixed: bool = option(False, "train in mixed precision (bfloat16)")
    workers: int = _workers()
    gpu: bool = _gpu()
    seed: int = _seed()
    normals: int | None = option(None, "normal patches for each patch with a finding; by default all", least=1)
    shuffle_labels: bool = option(False, "deal the training labels out at random")
    tensorboard: bool = option(False, "also write RUN/tensorboard", stored=False)
    again: bool = _again()


@dataclass(frozen=True, kw_only=True)
class ProbeOptions(Options):
    """Options of `probe`."""

    checkpoint: str | None = option(
        None, "use another network than the run's own; may be a URI", metavar="RUN|FILE", file=True
    )
    partitions: tuple[str, ...] | None = _partitions(stored=False)
    workers: int = _workers()
    layer: str = option(
        "features",
        "the layer, named as torch names it; by default the last, which feeds the linear layer",
        in_run=False,
    )
    half: bool = option(False, "compute features in half precision", in_run=False)
    gpu: bool = _gpu()
    again: bool = _again()


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(Options):
    """Options of `evaluate`."""

    partitions: tuple[str, ...] | None = _partitions()
    sensitivity: float = option(
        paper.PAUC_FROM, "for the operating point: the least share of a class that must be found"
    )
    again: bool = _again()


@dataclass(frozen=True, kw_only=True)
class RankOptions(Options):
    """Options of `rank`."""

    top: int = option(paper.TOP, "how many of a scan's most influential units count", least=1, in_run=False)
    ranked: int = option(paper.RANKED, "how many units of each class to annotate", least=1, in_run=False)
    top_patches: int = option(paper.TOP_PATCHES, "patches to keep for each unit", least=1, in_run=False)
    partitions: tuple[str, ...] | None = _partitions()
    workers: int = _workers()
    again: bool = _again()


@dataclass(frozen=True, kw_only=True)
class DissectOptions(Options):
    """Options of `dissect`, which `run` does not call."""

    share: float = option(paper.EXCEEDED_SHARE, "share of a unit's cells that exceed its threshold", least=0, most=1)
    permuted: int = option(9999, "permutations of the patients, for p", least=1)
    patients: int = option(3, "how many patients must show a concept", least=1)
    seed: int = _seed()
    workers: int = _workers()
    again: bool = _again()


@dataclass(frozen=True)
class AnnotateOptions(Options):
    """Options of `annotate`."""

    annotations: str | None = option(
        None,
        "csv or json: unit, annotator, phenomenon ...",
        metavar="FILE",
        argument=True,
        run_help="csv or json with the names of units",
        file=True,
        instead_of="from_lesions",
    )
    _: KW_ONLY
    from_lesions: bool = option(False, "name units after the lesions' keywords", instead_of="annotations")
    naming: str = option(
        "contrast", "contrast: what a unit tells from other findings; frequent: what its top patches show"
    )
    partitions: tuple[str, ...] | None = _partitions()


@dataclass(frozen=True, kw_only=True)
class ExplainOptions(Options):
    """Options of `explain`."""

    scan: str | None = option(None, "draw only this scan's figure", in_run=False, stored=False)
    image: tuple[Path, ...] | None = option(
        None,
        "explain an image of your own (repeat the option for several)",
        metavar="FILE",
        in_run=False,
        stored=False,
    )
    partitions: tuple[str, ...] | None = _partitions()
    pdf: bool = option(False, "also write figures as PDF", in_run=False)
    workers: int = _workers()
    again: bool = _again()


@dataclass(frozen=True, kw_only=True)
class ScoreOptions(Options):
    """Options of `score`."""

    vectors: str | None = option(None, "word vectors, from word2vec, GloVe or gensim", metavar="FILE", file=True)
    partitions: tuple[str, ...] | None = _partitions()
    seed: int = _seed()
    again: bool = _again()


@dataclass(frozen=True)
class PlanOptions(Options):
    """Options of `plan`: those of the stages, and how closely to look."""

    source: str = same(CatalogOptions, "source")
    _: KW_ONLY
    source_kind: str | None = same(CatalogOptions, "source_kind")
    domain: str | None = same(CatalogOptions, "domain")
    window: int | None = same(CatalogOptions, "window")
    raw: bool = same(CatalogOptions, "raw")
    views: tuple[str, ...] | None = same(CatalogOptions, "views")
    side: int = same(CutOptions, "side")
    whole: str | None = same(CutOptions, "whole")
    network: str = same(TrainingOptions, "network")
    until: str | None = same(TrainingOptions, "until")
    epochs: int | None = same(TrainingOptions, "epochs")
    batch: int = same(TrainingOptions, "batch")
    normals: int | None = same(TrainingOptions, "normals")
    train: float = same(PartitionOptions, "train")
    test: float = same(PartitionOptions, "test")
    validation: float = same(PartitionOptions, "validation")
    seed: int = _seed()
    partitions: tuple[str, ...] | None = _partitions()
    workers: int = _workers()
    gpus: int = option(0, "train and probe on this many GPUs", least=0)
    gpu_rate: float = option(20.0, "TFLOP/s that a GPU sustains, used if Ray sees no GPU to time", least=0.001)
    films: int = option(12, "images of the sample to cut", least=1)
    seconds: float = option(3.0, "how long to time each part of the network's work", least=0.0)
