"""Settings for many visitors, read with `voila --Voila.config_file_paths=settings`."""

from functools import partial

from jinja2 import Environment, FileSystemBytecodeCache
from nbconvert.exporters import templateexporter

c = get_config()  # noqa: F821 - given by whatever reads this file

# Some kernels have run the notebook before anybody comes; one more starts when one is taken.
c.VoilaConfiguration.preheat_kernel = True
c.VoilaConfiguration.default_pool_size = 4

# Voila 0.5.13 compiles the page's templates anew for every kernel, and answers nobody meanwhile.
templateexporter.Environment = partial(Environment, bytecode_cache=FileSystemBytecodeCache())

# It also refuses a page's message that it was closed (403), and the kernel would live on.
c.Voila.tornado_settings = {"disable_check_xsrf": True}

# Such a message may be lost: a kernel that nobody has used for ten minutes ends.
c.MappingKernelManager.cull_idle_timeout = 600
c.MappingKernelManager.cull_interval = 60
c.MappingKernelManager.cull_connected = False

# Visitors read sentences, not code.
c.VoilaConfiguration.show_tracebacks = False
