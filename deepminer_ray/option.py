"""What an option is: a field of a frozen class, with its help and bounds; and how a stage takes a class of them."""

from collections.abc import Callable
from dataclasses import Field, dataclass, field, fields
from functools import wraps
from typing import Any, ParamSpec, Protocol, TypeVar, get_args, get_origin, overload

from deepminer_ray.errors import BadInput


@dataclass(frozen=True)
class About:
    """What is known of an option beside its type and default.

    `least` and `most` are bounds, `flag` is what the command line calls it where the name does not say. An `argument`
    is given by its place. What is `stored` is among a finished stage's parameters. `run` has the option too if
    `in_run`, with the help `run_help` and without its default where there is one. A `file` is remembered by its full
    name, unless it is one of the `words` that are none. A run forgets the option `instead_of` which this one is given.
    """

    help: str
    metavar: str | None = None
    least: float | None = None
    most: float | None = None
    flag: str | None = None
    argument: bool = False
    stored: bool = True
    in_run: bool = True
    run_help: str | None = None
    file: bool = False
    words: tuple[str, ...] = ()
    instead_of: str | None = None


def option(default: Any, help: str, **known: Any) -> Any:
    """A field with what is known of it; without a default it must be given."""
    return field(default=default, metadata={"about": About(help, **known)})


def about(of: "Field[Any]") -> About:
    """What is known of an option."""
    known: About = of.metadata["about"]
    return known


def type_of(of: "Field[Any]") -> Any:
    """A field's type itself: here no annotation is a string."""
    return of.type


def same(options: type, name: str) -> Any:
    """A field with the default and all that is known of another class's field."""
    (of,) = (of for of in fields(options) if of.name == name)
    return field(default=of.default, metadata=of.metadata)


class Options:
    """What all classes of options do: values out of bounds or of another type are BadInput, lists become tuples."""

    def __post_init__(self) -> None:
        for of in fields(self):  # type: ignore[arg-type]
            value = getattr(self, of.name)
            if isinstance(value, list):
                object.__setattr__(self, of.name, value := tuple(value))
            refuse_unfit(of, value)

    def stored(self) -> dict[str, Any]:
        """What a finished stage keeps among its parameters."""
        return {of.name: getattr(self, of.name) for of in fields(self) if about(of).stored}  # type: ignore[arg-type]


def shared(options: Options, kind: type) -> dict[str, Any]:
    """The values of those fields of a class that have an option's name."""
    return {of.name: getattr(options, of.name) for of in fields(kind) if hasattr(options, of.name)}


def refuse_unfit(of: "Field[Any]", value: Any) -> None:
    """BadInput for a value of another type than the option's, or out of its bounds."""
    if not any(_is_a(value, kind) for kind in get_args(type_of(of)) or (type_of(of),)):
        raise BadInput(f"`{of.name}` cannot be {value!r}.")
    known = about(of)
    if known.least is not None and value is not None and value < known.least:
        raise BadInput(f"`{of.name}` cannot be {value}: use at least {known.least:g}.")
    if known.most is not None and value is not None and value > known.most:
        raise BadInput(f"`{of.name}` cannot be {value}: use at most {known.most:g}.")


def _is_a(value: Any, kind: Any) -> bool:
    if get_origin(kind) is tuple:
        return isinstance(value, tuple) and all(_is_a(one, get_args(kind)[0]) for one in value)
    if not isinstance(kind, type):
        return False
    if kind in (int, float):
        return isinstance(value, int | float if kind is float else int) and not isinstance(value, bool)
    return isinstance(value, kind)


R_contra = TypeVar("R_contra", contravariant=True)
O_contra = TypeVar("O_contra", contravariant=True)
P = ParamSpec("P")


class Stage(Protocol[R_contra, O_contra, P]):
    """How a stage is called: with a run and its options, as one value or one by one."""

    __name__: str

    @overload
    def __call__(self, run: R_contra, options: O_contra, /) -> None: ...
    @overload
    def __call__(self, run: R_contra, *given: P.args, **named: P.kwargs) -> None: ...


def takes(
    kind: Callable[P, O_contra],
) -> Callable[[Callable[[R_contra, O_contra], None]], Stage[R_contra, O_contra, P]]:
    """Let a stage that takes options of a class be called with their values too: `cut(run, side=64)`."""

    def taking(stage: Callable[[R_contra, O_contra], None]) -> Any:
        @wraps(stage)
        def called(run: R_contra, *given: Any, **named: Any) -> None:
            whole = len(given) == 1 and isinstance(kind, type) and isinstance(given[0], kind)
            stage(run, given[0] if whole else kind(*given, **named))

        return called

    return taking
