"""OpenVINO's runtime, one for the process.

OpenVINO 2026.4.1 gives the thread that makes a core another stack for signals (AVX-512 needs a large
one), puts the former one back when the core goes, and unmaps its own. Of two cores the first may go
first: then the other puts back a stack that is not there any more, and the thread's next signal, Ctrl-C
or SIGTERM, ends the process by a segmentation fault, for Python handles signals on that stack. A core
that stays does none of it.
"""

from __future__ import annotations

from functools import cache

import openvino as ov


@cache
def runtime() -> ov.Core:
    """The process's core, made when it is first asked for. It holds no network: those go with their owner."""
    return ov.Core()
