"""The arguments and options of the commands: one name and one help text for each, wherever it is used."""

from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[Path, typer.Argument(metavar="RUN", help="the run's folder")]
Source = Annotated[str, typer.Argument(metavar="SOURCE", help="the directory that holds the mammograms, or its URI")]
SourceKind = Annotated[str | None, typer.Option(help="ddsm, manifest or cbis; by default recognised")]
Again = Annotated[bool, typer.Option("--again", help="do the stage again, and drop every later one")]
Workers = Annotated[int, typer.Option(min=1, help="Ray workers")]
Partitions = Annotated[
    list[str] | None, typer.Option(help="train, test, holdout or all (repeat the option for several)")
]
Train = Annotated[float, typer.Option(help="share of the patients to train on")]
Test = Annotated[float, typer.Option(help="share of the patients to test on; the rest is holdout")]
Lists = Annotated[
    str | None, typer.Option(metavar="CSV", help="patients and their partitions, or CBIS-DDSM's directory")
]
Side = Annotated[int, typer.Option(help="side of a patch in px; a film is resized to 4 patches across")]
Storage = Annotated[
    str | None,
    typer.Option(metavar="URI", help="where to keep films, patches and checkpoints of training; by default RUN"),
]
Validation = Annotated[
    float, typer.Option(min=0, max=0.9, help="share of the training patients to choose the epoch by")
]
Network = Annotated[
    str, typer.Option(help="a torchvision network with features, global average pooling and one linear layer")
]
Weights = Annotated[str, typer.Option(help="default, none (random), or the file or URI of a state dict or checkpoint")]
Classes = Annotated[int, typer.Option(min=2, max=3, help="3: normal, benign, malignant; 2: malignant or not")]
Preset = Annotated[str, typer.Option(help="paper, or authors (the schedule and patch side of the authors' code)")]
Epochs = Annotated[int | None, typer.Option(min=1, help="number of epochs; by default the authors' 5")]
Batch = Annotated[int, typer.Option(min=1, help="patches in each step, over all workers")]
LearningRate = Annotated[float, typer.Option(min=0, help="learning rate of the optimizer")]
DecayFromEpoch = Annotated[int | None, typer.Option(min=1, help="use a tenth of the learning rate from this epoch on")]
Until = Annotated[
    str | None, typer.Option(metavar="LAYER", help="end the network with this layer, named as torch names it")
]
Pool = Annotated[str, typer.Option(help="what the linear layer takes of a unit's map: avg or max")]
Optimizer = Annotated[str, typer.Option(help="sgd (with the paper's momentum) or adamw")]
Schedule = Annotated[str, typer.Option(help="steps, or one-cycle (the rate rises and falls once over all epochs)")]
Normalisation = Annotated[str | None, typer.Option(help="what the weights expect: imagenet, caffe or inception")]
Balance = Annotated[
    str, typer.Option(help="none; weights: errors on rarer classes count more; sampling: rarer classes come more often")
]
Flips = Annotated[bool, typer.Option("--flips", help="mirror training patches by chance, in both directions")]
Rotation = Annotated[float, typer.Option(min=0, max=180, help="turn training patches by up to this many degrees")]
Jitter = Annotated[
    float,
    typer.Option(min=0, max=1, help="change optical density by up to this much, and contrast by up to this share"),
]
Keep = Annotated[str, typer.Option(help="best (the best epoch on the validation patients) or last")]
AtOnce = Annotated[
    int | None, typer.Option(min=1, help="patches in a worker's memory at once; gradients add up to --batch")
]
Mixed = Annotated[bool, typer.Option("--mixed", help="train in mixed precision (bfloat16)")]
Tensorboard = Annotated[bool, typer.Option("--tensorboard", help="also write RUN/tensorboard")]
Normals = Annotated[
    int | None, typer.Option(min=1, help="normal patches for each patch with a finding; by default all")
]
Gpu = Annotated[bool, typer.Option("--gpu/--cpu", help="ask Ray for a GPU for each worker")]
Seed = Annotated[int, typer.Option(min=0, help="seed of the random numbers")]
ShuffleLabels = Annotated[bool, typer.Option("--shuffle-labels", help="deal the training labels out at random")]
Checkpoint = Annotated[
    str | None, typer.Option(metavar="RUN|FILE", help="use another network than the run's own; may be a URI")
]
Vectors = Annotated[str | None, typer.Option(metavar="FILE", help="word vectors, from word2vec, GloVe or gensim")]
Layer = Annotated[
    str, typer.Option(help="the layer, named as torch names it; by default the last, which feeds the linear layer")
]
Half = Annotated[bool, typer.Option("--half", help="compute features in half precision")]
FromLesions = Annotated[bool, typer.Option("--from-lesions", help="name units after the lesions' keywords")]
Naming = Annotated[
    str, typer.Option(help="contrast: what a unit tells from other findings; frequent: what its top patches show")
]
Sensitivity = Annotated[
    float, typer.Option(help="for the operating point: the least share of a class that must be found")
]
Exceeding = Annotated[float, typer.Option(min=0, max=1, help="share of a unit's cells that exceed its threshold")]
Annotations = Annotated[str | None, typer.Argument(metavar="FILE", help="csv or json: unit, annotator, phenomenon ...")]
Images = Annotated[
    list[Path] | None,
    typer.Option(metavar="FILE", help="explain a mammogram of your own (repeat the option for several)"),
]
