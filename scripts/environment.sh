# Sourced by the other scripts: finds Python, makes .venv beside the checkout, asks apt for the rest.
# Plain POSIX sh, because a fresh machine may have nothing else.

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
venv=$root/.venv
bin=$venv/bin

say() { printf '== %s\n' "$*" >&2; }

die() {
    printf 'error: %s\n' "$1" >&2
    [ $# -lt 2 ] || printf 'hint: %s\n' "$2" >&2
    exit 1
}

# Run a command as root: directly, or by sudo.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Stop, naming the system packages that are missing, unless they can be installed from here.
need_apt() {
    command -v apt-get >/dev/null 2>&1 ||
        die "missing, and this system has no apt-get: $*" \
            "install what corresponds to these Debian packages, then run this script again"
    [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null 2>&1 ||
        die "missing, and there is no sudo: $*" \
            "as root, apt-get install $*; then run this script again"
}

apt_update() {
    say "reading the list of system packages"
    as_root apt-get update -qq >/dev/null || say "apt-get update failed; going on with the old lists"
}

apt_install() {
    say "installing system packages: $*"
    log=$(mktemp)
    if ! as_root env DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1 \
        apt-get install -y -q --no-install-recommends "$@" >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        die "apt-get could not install: $*" "the lines above say why"
    fi
    rm -f "$log"
}

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# Print the first Python that is new enough.
find_python() {
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null 2>&1 && new_enough "$candidate"; then
            command -v "$candidate"
            return 0
        fi
    done
    found=$(python3 --version 2>/dev/null || echo "no python3")
    die "procgen needs Python 3.11 or newer; found: $found" \
        "install one, or name it: PYTHON=/path/to/python3.12 sh $0"
}

# Make .venv unless a working one is there; install what venv itself needs.
make_venv() {
    if [ -x "$bin/python" ] && new_enough "$bin/python" && "$bin/python" -m pip --version >/dev/null 2>&1; then
        return 0
    fi
    python=$(find_python)
    if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
        minor=$("$python" -c 'import sys; print(f"{sys.version_info[0]}.{sys.version_info[1]}")')
        need_apt "python$minor-venv"
        apt_update
        apt_install "python$minor-venv"
    fi
    say "making $venv with $("$python" --version)"
    "$python" -m venv "$venv" || die "could not make $venv" "delete it and run this script again"
}

# pip, quietly: its warnings and errors stay visible.
install() {
    "$bin/python" -m pip install --quiet --disable-pip-version-check --no-input "$@" ||
        die "pip could not install: $*" "it needs https://pypi.org or the index set in pip's settings"
}
