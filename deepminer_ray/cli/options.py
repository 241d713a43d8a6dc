"""The arguments and options of the commands: one name and one help text for each, wherever it is used."""

from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[Path, typer.Argument(metavar="RUN", help="the run's folder")]
Source = Annotated[str, typer.Argument(metavar="SOURCE", help="the directory that holds the mammograms, or its URI")]
SourceKind = Annotated[str | None, typer.Option(help="ddsm, manifest or cbis, where it should not be recognised")]
Again = Annotated[bool, typer.Option("--again", help="do it anew, dropping every later stage")]
Workers = Annotated[int, typer.Option(min=1, help="Ray workers")]
Partitions = Annotated[list[str] | None, typer.Option(help="train, test, holdout (repeat the option) or all")]
Train = Annotated[float, typer.Option(help="share of the patients")]
Test = Annotated[float, typer.Option(help="share of the patients; the rest is holdout")]
Lists = Annotated[
    str | None, typer.Option(metavar="CSV", help="patients and their partitions; or CBIS-DDSM's directory")
]
Side = Annotated[int, typer.Option(help="px; a film is resized to 4 patches across")]
Storage = Annotated[
    str | None,
    typer.Option(metavar="URI", help="where films, patches and training's checkpoints are kept; RUN by default"),
]
Validation = Annotated[float, typer.Option(min=0, max=0.9, help="share of the training patients")]
Network = Annotated[
    str, typer.Option(help="a torchvision network of features, global average pooling and one linear layer")
]
Weights = Annotated[str, typer.Option(help="default, none, or the file (or URI) of a state dict or checkpoint")]
Classes = Annotated[int, typer.Option(min=2, max=3, help="3: normal, benign, malignant; 2: malignant or not")]
Preset = Annotated[str, typer.Option(help="paper, or authors: the schedule and patch side of the authors' code")]
Epochs = Annotated[int | None, typer.Option(min=1, help="the authors' 5 by default")]
Batch = Annotated[int, typer.Option(min=1, help="patches a step, over all workers")]
LearningRate = Annotated[float, typer.Option(min=0)]
DecayFromEpoch = Annotated[int | None, typer.Option(min=1, help="a tenth of the learning rate from here on")]
Until = Annotated[
    str | None, typer.Option(metavar="LAYER", help="the network ends with this layer, named as torch names it")
]
Pool = Annotated[str, typer.Option(help="what the linear layer takes of a unit's map: avg, or max")]
Optimizer = Annotated[str, typer.Option(help="sgd, with the paper's momentum, or adamw")]
Schedule = Annotated[str, typer.Option(help="steps; one-cycle: the learning rate rises and falls once over all epochs")]
Normalisation = Annotated[str | None, typer.Option(help="what the weights expect: imagenet, caffe or inception")]
Balance = Annotated[
    str, typer.Option(help="none; weights: rarer classes weigh more; sampling: they are shown more often")
]
Flips = Annotated[bool, typer.Option("--flips", help="mirror half of the training patches, either way")]
Rotation = Annotated[float, typer.Option(min=0, max=180, help="turn training patches by up to so many degrees")]
Jitter = Annotated[
    float, typer.Option(min=0, max=1, help="change optical density by up to this much, contrast by this share")
]
Keep = Annotated[str, typer.Option(help="the best epoch on the validation patients, or the last")]
AtOnce = Annotated[int | None, typer.Option(min=1, help="patches in a worker's memory; gradients add up to --batch")]
Mixed = Annotated[bool, typer.Option("--mixed", help="mixed precision (bfloat16) in training")]
Tensorboard = Annotated[bool, typer.Option("--tensorboard", help="write RUN/tensorboard as well")]
Normals = Annotated[int | None, typer.Option(min=1, help="normal patches for each with a finding; all by default")]
Gpu = Annotated[bool, typer.Option("--gpu/--cpu")]
Seed = Annotated[int, typer.Option(min=0)]
ShuffleLabels = Annotated[bool, typer.Option("--shuffle-labels", help="deal the training labels out at random")]
Checkpoint = Annotated[
    str | None, typer.Option(metavar="RUN|FILE", help="another network than the run's own; may be a URI")
]
Vectors = Annotated[str | None, typer.Option(metavar="FILE", help="word2vec or GloVe vectors")]
Layer = Annotated[str, typer.Option(help="as torch names it among the features; the last feeds the linear layer")]
Half = Annotated[bool, typer.Option("--half", help="features in half precision")]
FromLesions = Annotated[bool, typer.Option("--from-lesions", help="name units after the lesions' keywords")]
Naming = Annotated[
    str, typer.Option(help="by contrast: what a unit tells from other findings; frequent: what its top patches show")
]
Sensitivity = Annotated[float, typer.Option(help="the operating point: least share of a class that must be found")]
Exceeding = Annotated[float, typer.Option(min=0, max=1, help="of a unit's cells that exceed its threshold")]
Annotations = Annotated[str | None, typer.Argument(metavar="FILE", help="csv or json: unit, annotator, phenomenon ...")]
Images = Annotated[
    list[Path] | None, typer.Option(metavar="FILE", help="explain a mammogram of one's own (repeat the option)")
]
