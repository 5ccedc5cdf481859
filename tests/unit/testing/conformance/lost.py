"""What a log store keeps its logs in, when it is down."""

from typing import Any, NoReturn

from jobsched.errors import LogStoreFailed


class Lost(dict[Any, Any]):
    """A place that nobody answers at."""

    def _refuse(self, *asked: object) -> NoReturn:
        del asked
        raise LogStoreFailed("no_answer", "imagined", effect="unknown")

    get = setdefault = pop = clear = __getitem__ = __setitem__ = __iter__ = _refuse
