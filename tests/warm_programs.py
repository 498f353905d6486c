"""Programs in processes of their own, without the seconds in which Python imports PyTorch."""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

SERVER = Path(__file__).with_name("warm_server.py")
IMPORTED = ("torch", "sympy", "lightning", "matplotlib.figure")


class WarmPrograms:
    """Runs programs in processes that have imported PyTorch and Lightning, and nothing else.

    They import Recurra themselves, with what it does on import. What a program says of its imports
    is not to be asked here, nor what differs between interpreters, as the seed of hashes.
    """

    def __init__(self):
        self._server = subprocess.Popen(
            [sys.executable, str(SERVER), *IMPORTED],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # so that a program that hangs can be stopped with it
        )

    def run(self, *arguments, folder, environment=None, strict=False, timeout=280):
        """Run what stands after `python` on a command line.

        Args:
            arguments: `-c` and code, or a file; then what the program is given.
            folder: its current folder.
            environment: its environment. Default: that of this process.
            strict: whether a warning is an error, as by `-W error`. Default: no.
            timeout: seconds after which all is stopped. Default: 280.

        Returns:
            A `subprocess.CompletedProcess` with what it wrote.

        Raises:
            TimeoutError: it was not done in time.
        """
        with tempfile.NamedTemporaryFile("r") as out, tempfile.NamedTemporaryFile("r") as err:
            request = {
                "arguments": [str(each) for each in arguments],
                "folder": str(folder),
                "environment": dict(os.environ if environment is None else environment),
                "strict": strict,
                "out": out.name,
                "err": err.name,
            }
            code = self._answer(json.dumps(request), timeout)
            return subprocess.CompletedProcess(arguments, code, out.read(), err.read())

    def _answer(self, request, timeout):
        print(request, file=self._server.stdin, flush=True)
        ready, _, _ = select.select([self._server.stdout], [], [], timeout)
        if not ready:
            os.killpg(self._server.pid, signal.SIGKILL)
            raise TimeoutError(f"not done after {timeout} s: {request[:1000]}")
        return int(self._server.stdout.readline())

    def close(self):
        """End the server."""
        with self._server:  # closes its input, and waits
            pass
