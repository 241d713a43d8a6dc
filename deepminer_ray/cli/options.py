"""What Typer is told of the options, and the few arguments that commands beside the stages share."""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import MISSING, Field, fields
from functools import wraps
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, TypeVar, get_args, get_origin

import typer

from deepminer_ray.option import Options, about, type_of
from deepminer_ray.options import PartitionOptions

Function = TypeVar("Function", bound=Callable[..., None])


def told(of: "Field[Any]", help: str | None = None, option: bool = False) -> Any:
    """What Typer is told of a field: an argument or an option, with its bounds; a flag has no opposite."""
    known = about(of)
    named: dict[str, Any] = {"help": help or known.help, "metavar": known.metavar}
    if known.argument and not option:
        return typer.Argument(**named)
    flag = known.flag or ("--" + of.name.replace("_", "-") if of.type is bool else None)
    return typer.Option(*([flag] if flag else []), min=known.least, max=known.most, **named)


def parameter(of: "Field[Any]") -> inspect.Parameter:
    """A field as a command's parameter."""
    default = inspect.Parameter.empty if of.default is MISSING else of.default
    return _parameter(of.name, _type(type_of(of)), told(of), default)


def parameter_of_run(of: "Field[Any]") -> inspect.Parameter:
    """The same for `run`, where all can be left out, and the only argument is what a run cannot do without."""
    known, needed = about(of), of.default is MISSING
    default = None if needed or known.run_help else of.default
    kind = _type(type_of(of)) if default is not None or NoneType in get_args(type_of(of)) else type_of(of) | None
    return _parameter(of.name, kind, told(of, known.run_help, option=not needed), default)


def _parameter(name: str, kind: Any, said: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, said])


def _type(kind: Any) -> Any:
    """A field's type as Typer knows it: of several values it makes a list."""
    several = [one for one in get_args(kind) if get_origin(one) is tuple]
    return list[get_args(several[0])[0]] | None if several else kind  # type: ignore[misc]


def is_given(context: typer.Context, name: str) -> bool:
    """Whether a command's parameter was given, even if what was given is the default."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """A command that takes `options`, as Typer must see it: with a parameter for each option of that class."""
    kind = command.__annotations__["options"]
    names = [of.name for of in fields(kind)]

    @wraps(command)
    def called(**given: Any) -> None:
        options: Options = kind(**{name: given.pop(name) for name in names})
        command(options=options, **given)

    return signed(called, inspect.signature(command), map(parameter, fields(kind)))


def signed(command: Function, own: inspect.Signature, spread: Iterable[inspect.Parameter]) -> Function:
    """A command that shows Typer these parameters in the place of its own `options`."""
    parameters: list[inspect.Parameter] = []
    for one in own.parameters.values():
        parameters += spread if one.name == "options" else [one.replace(kind=inspect.Parameter.KEYWORD_ONLY)]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return command


(_SEED,) = (of for of in fields(PartitionOptions) if of.name == "seed")

Folder = Annotated[Path, typer.Argument(metavar="RUN", help="the run's folder")]
Seed = Annotated[int, told(_SEED)]
