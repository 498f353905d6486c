"""A process that has imported what takes long to import, and forks for each program it is given.

It knows nothing of Recurra, which each program imports anew. `warm_programs.py` starts it and talks
to it: a request is a line of JSON on its standard input, the exit code is the answer.
"""

import gc
import importlib
import json
import os
import runpy
import sys
import tempfile
import types
import warnings


def warm_up(names):
    """Import modules, whatever they warn of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in names:
            importlib.import_module(name)
    gc.freeze()  # so that the memory of what was imported stays shared


def next_request():
    """Fork for each request and tell how its process ended; return, in that process alone."""
    for line in sys.stdin:
        process = os.fork()
        if not process:
            return json.loads(line)
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        sys.stdout.write(f"{code}\n")
        sys.stdout.flush()
    sys.exit()


def settle(request):
    """Take the folder, the environment and the streams that a request asks for."""
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    tempfile.tempdir = None  # asks the environment again
    for descriptor, path in enumerate((os.devnull, request["out"], request["err"])):
        os.dup2(os.open(path, os.O_RDWR), descriptor)
    if request["strict"]:
        warnings.simplefilter("error")


def run(program, *arguments):
    """Run what stands after `python` on a command line: `-c CODE` or a file, then its arguments."""
    if program == "-c":
        code, *arguments = arguments
        sys.argv, sys.path[0] = ["-c", *arguments], ""
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        exec(compile(code, "<string>", "exec"), main.__dict__)
    else:
        sys.argv, sys.path[0] = [program, *arguments], os.path.dirname(program)
        runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    here = sys.modules["__main__"]  # its functions are needed though another takes its name
    warm_up(sys.argv[1:])
    request = next_request()
    settle(request)
    run(*request["arguments"])
