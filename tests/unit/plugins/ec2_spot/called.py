"""Which operations of AWS the plugin calls, read from its source."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import botocore.session
from botocore import xform_name

from jobsched.plugins import ec2_spot

FOLDER = Path(str(ec2_spot.__file__)).parent
#: where the name of the service stands among the arguments of ``Aws.call`` and ``Aws.pages``
SERVICE_AT = {"call": 1, "pages": 2}


def operations() -> set[tuple[str, str]]:
    """Service and operation (``ec2``, ``DescribeInstances``) of all calls in the plugin."""
    sources = sorted(FOLDER.glob("*.py"))
    return {found for source in sources for found in operations_in(source.read_text())}


def operations_in(source: str) -> set[tuple[str, str]]:
    """The calls in one module; where the name is a variable, each operation named in the module."""
    tree = ast.parse(source)
    words = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    found = set()
    for service, name in _calls(tree):
        methods = methods_of(service)
        names = {name} if name else words & set(methods)
        found |= {(service, methods[one]) for one in names if isinstance(one, str)}
    return found


def _calls(tree: ast.Module) -> Iterator[tuple[str, str | None]]:
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        at = SERVICE_AT.get(node.func.attr)
        of_aws = ast.unparse(node.func.value).lower().endswith("aws")
        if at is None or not of_aws:
            continue
        first = node.args[0]
        named = node.args[at : at + 1]
        service = ast.literal_eval(named[0]) if named else "ec2"
        yield service, first.value if isinstance(first, ast.Constant) else None  # type: ignore[misc]  # a text, as it is given to `call`


@functools.cache
def methods_of(service: str) -> dict[str, str]:
    """The names of a client's methods, and of the operations that they call."""
    model = botocore.session.get_session().get_service_model(service)
    return {xform_name(name): name for name in model.operation_names}
