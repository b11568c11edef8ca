# shellcheck shell=bash
# Sourced by the scripts beside it: goes to the repository and makes .venv fit the lock.

cd "$(dirname -- "${BASH_SOURCE[0]}")/.." || exit 2
unset PYTHONDONTWRITEBYTECODE # or every process compiles all that it imports, which takes seconds
export UV_SYSTEM_CERTS=1 # uv ignores the system's certificates otherwise
uv_version=0.13.9

fail() {
    printf '%s\n' "$*" >&2
    exit 2
}

# A shim of a version manager may be on PATH and still not run, hence the trial.
find_python() {
    local name
    for name in python3.13 python3.12 python3.11 python3; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    return 1
}

make_venv() {
    local python
    .venv/bin/python -c '' 2>/dev/null && return
    python=$(find_python) || fail "Python 3.11 or newer is needed and was not found."
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$python lacks the venv module; on Debian and Ubuntu: apt install python3-venv"
    # Not --clear: .venv holds the lock of this very installation.
    find .venv -mindepth 1 -maxdepth 1 ! -name 'install.lock*' -exec rm -rf {} +
    "$python" -m venv .venv || fail "$python could not create .venv."
}

ensure_pip() { # a .venv that uv made has none
    .venv/bin/python -m pip --version >/dev/null 2>&1 ||
        .venv/bin/python -m ensurepip >/dev/null 2>&1
}

# uv has a directory of its own, for `uv pip sync` removes what the lock does not name.
find_uv() {
    local uv
    for uv in "$(command -v uv)" .venv/tools/bin/uv; do
        if "$uv" --version >/dev/null 2>&1; then
            echo "$uv"
            return
        fi
    done
    ensure_pip && .venv/bin/python -m pip install --quiet --upgrade \
        --target .venv/tools "uv==$uv_version" >/dev/null 2>&1 && echo .venv/tools/bin/uv
}

install_with_uv() { # LOCK
    local uv
    uv=$(find_uv) || return
    export VIRTUAL_ENV="$PWD/.venv"
    "$uv" pip sync --quiet --require-hashes "$1" &&
        "$uv" pip install --quiet --no-deps --no-build-isolation -e .
}

install_with_pip() { # LOCK
    ensure_pip && .venv/bin/python -m pip install --quiet --require-hashes -r "$1" &&
        .venv/bin/python -m pip install --quiet --no-deps --no-build-isolation -e .
}

lock_of() { # dev | runtime
    if [ "$1" = dev ]; then echo requirements-dev.lock; else echo requirements.lock; fi
}

wanted_stamp() { # dev | runtime
    { cat "$(lock_of "$1")" pyproject.toml && .venv/bin/python -VV && pwd; } | cksum
}

fits() { # dev | runtime
    [ -x .venv/bin/python ] && [ -e ".venv/stamp-$1" ] &&
        [ "$(cat ".venv/stamp-$1")" = "$(wanted_stamp "$1")" ]
}

# The development set contains the runtime set: serving after testing removes nothing.
is_installed() { # dev | runtime
    fits dev || { [ "$1" = runtime ] && fits runtime; }
}

install_locked() { # dev | runtime
    local lock
    is_installed "$1" && return
    lock=$(lock_of "$1")
    make_venv
    rm -f .venv/stamp-*
    echo "Installing the packages of $lock into .venv ..." >&2
    install_with_uv "$lock" || install_with_pip "$lock" ||
        fail "The packages of $lock could not be installed; see the messages above."
    # Last and in one step, so that the next run repairs an interrupted installation.
    wanted_stamp "$1" >.venv/stamp.new && mv .venv/stamp.new ".venv/stamp-$1"
}

take_directory_lock() {
    local holder
    until mkdir .venv/install.lock.d 2>/dev/null; do
        holder=$(cat .venv/install.lock.d/pid 2>/dev/null)
        if [ -n "$holder" ] && ! kill -0 "$holder" 2>/dev/null; then
            rm -rf .venv/install.lock.d # its process was killed
        fi
        sleep 1
    done
    trap 'rm -rf .venv/install.lock.d' EXIT
    echo $$ >.venv/install.lock.d/pid
}

# One installation at a time; macOS has no flock, so a directory serves there.
ensure_installed() { # dev | runtime
    is_installed "$1" && return
    mkdir -p .venv
    if command -v flock >/dev/null; then
        (flock 9 && install_locked "$1") 9>.venv/install.lock || exit
    else
        (take_directory_lock && install_locked "$1") || exit
    fi
}
