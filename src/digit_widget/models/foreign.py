"""Which names in a torch file are read over, and which are refused.

Nothing that a file names is ever looked up or called (see `pickled.py`), so no name is dangerous here. Three kinds are
told apart all the same:

- What weights are made of, in torch and in Python, is understood.
- What stands beside weights in the files of honest people is read over: the layers and optimizers of torch, the classes
  of a person's own modules and of other libraries (a network, a configuration, a callback), and those few of Python's
  own and of numpy's that hold values (dates, paths, numbers). There are too many of them for a list, and none of them
  is of any use here.
- What no honest file needs is refused, and said, so that a person learns that the file wanted to run something: all
  else of Python's own modules (``os.system``, ``builtins.eval``, ``subprocess.Popen``, …), of numpy's, of torch's and
  of ours, and of the tools that install or run code. Kinds of tensors that are not read (sparse, quantized, …) are
  among them: a model would lack them.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digit_widget.models.pickled import Name

_TOOLS = {"IPython", "_pytest", "distutils", "pip", "pkg_resources", "pytest", "setuptools"}
_OWNED = sys.stdlib_module_names | _TOOLS | {"digit_widget", "numpy", "torch"}
_READ = re.compile(
    # of which weights are made
    r"torch\.(Size|device|Tensor|bool|u?int\d+|b?float\d\w*)"
    r"|torch\.(Half|BFloat16|Float|Double|Byte|Char|Short|Int|Long|Bool)Storage|torch\.storage\.(Unt|T)ypedStorage"
    r"|torch\._utils\._rebuild_(tensor|tensor_v2|tensor_v3|parameter|parameter_with_state)"
    r"|torch\._tensor\._rebuild_from_type_v2|torch\.nn\.parameter\.(Parameter|Buffer)"
    # what stands beside them
    r"|torch\.nn\.(modules|functional|parallel|utils|init|backends)\..+|torch\.optim\..+"
    r"|torch\.torch_version\.TorchVersion|torch\._C\.Generator|torch\.(amp|cuda\.amp)\.grad_scaler\.\w+"
    r"|digit_widget\.models\.cnn\.CNN"
    r"|numpy\.(_?core\.(multiarray\.(scalar|_reconstruct)|numeric\._frombuffer)|dtype|ndarray|bool_?|u?int\d+|float\d+)"
    r"|builtins\.(set|frozenset|list|dict|tuple|object|bytes|bytearray|str|int|float|bool|complex|slice|range)"
    r"|collections\.(OrderedDict|Counter|defaultdict|deque|UserDict|UserList)|_codecs\.encode"
    r"|copyreg\._reconstructor|argparse\.Namespace|types\.SimpleNamespace|functools\.partial"
    r"|datetime\.(datetime|date|time|timedelta|timezone)|decimal\.Decimal|fractions\.Fraction|uuid\.(UUID|SafeUUID)"
    r"|pathlib\.(_local\.)?(Pure)?(Posix|Windows)?Path"
)


def is_refused(name: Name) -> bool:
    """Return whether a file that asks for a name is refused.

    Examples
    --------
    >>> from digit_widget.models.pickled import Name
    >>> is_refused(Name("os", "system")), is_refused(Name("network", "LeNet")), is_refused(Name("datetime", "date"))
    (True, False, False)
    """
    owner = name.module.partition(".")[0]
    outer = name.name.split(".")[:-1]  # of a class in a class; or of a function in a module that a module imports
    if any(part in _OWNED or part.startswith("__") for part in outer):
        return True
    return owner in _OWNED and not _READ.fullmatch(str(name))


def is_foreign(name: Name) -> bool:
    """Return whether a name is of a person's own module or another library's: neither torch's nor Python's nor ours."""
    return name.module.partition(".")[0] not in _OWNED
