"""Make the virtual environment, or bring it up to date. Needs nothing but Python itself.

python3 tools/venv.py run|dev      what the program runs on; or the tests' packages too
"""

import hashlib
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
STAMPS = os.path.join(VENV, "portico-stamps")
LOCKS = {"run": "requirements.lock", "dev": "requirements-dev.lock"}
MINIMUM = (3, 10)


def main(what):
    if sys.version_info < MINIMUM:
        return "Python >= 3.10 is wanted; {} is {}".format(sys.executable, sys.version.split()[0])
    python = os.path.join(VENV, "bin", "python")
    wanted = {name: fingerprint(lock) for name, lock in LOCKS.items()}
    # The packages of `dev` hold those of `run`, at the same versions.
    if wanted[what] in stamps() and works(python):
        return None
    print(
        "Setting up .venv (some {} MB of packages; a minute or two)".format(300 if what == "run" else 600), flush=True
    )
    if not works(python):
        subprocess.check_call([sys.executable, "-m", "venv", "--clear", VENV])
    elif os.path.exists(STAMPS):
        # Interrupted from here on, the environment is neither what it was nor what it should be.
        os.remove(STAMPS)
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    subprocess.check_call(pip + ["--require-hashes", "-r", os.path.join(ROOT, LOCKS[what])])
    # pip refuses an editable path among hashes; its dependencies are in the lock.
    editable = os.path.join(ROOT, "components")
    subprocess.check_call(pip + ["--no-deps", "--no-build-isolation", "-e", editable])
    made = [wanted["run"]] + ([wanted["dev"]] if what == "dev" else [])
    with open(STAMPS, "w") as stamp:
        stamp.write("\n".join(made))
    return None


def fingerprint(lock):
    digest = hashlib.sha256()
    for name in (lock, os.path.join("components", "pyproject.toml")):
        with open(os.path.join(ROOT, name), "rb") as handle:
            digest.update(handle.read())
    return digest.hexdigest()


def stamps():
    try:
        with open(STAMPS) as handle:
            return handle.read().split()
    except OSError:
        return []


def works(python):
    """Whether the environment's interpreter still starts: the one it was made from may be gone."""
    try:
        return subprocess.call([python, "-c", "import pip"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1]))
    except KeyboardInterrupt:
        sys.exit("interrupted; run it again to go on from here")
    except subprocess.CalledProcessError as error:
        sys.exit("setting up .venv failed: {}".format(" ".join(error.cmd)))
