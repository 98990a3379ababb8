#!/usr/bin/env bash
# Says in one sentence what is missing on this machine and how to get it; `need.sh rust python` asks for both.
# Installs Debian packages only as root: on other machines the words are for their owner. Servers that only tests need
# are put beside what cargo builds.
set -euo pipefail
cd "$(dirname "$0")/.."

missing() {
    printf '%s\n' "$@" >&2
    exit 1
}

# apt_install PACKAGE: true if it could be installed without asking anybody.
apt_install() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    echo "installing $1" >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$1" >/dev/null 2>&1 ||
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$1"; } >/dev/null 2>&1
}

need_rust() {
    local cargo="${CARGO:-cargo}" wanted found
    command -v "$cargo" >/dev/null || missing \
        "Rust is missing. It takes two minutes:" \
        "    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y" \
        "    . \"\$HOME/.cargo/env\"" \
        "and then the same command again."
    wanted=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
    found=$("$cargo" --version | cut -d' ' -f2)
    [ "$(printf '%s\n' "$wanted" "$found" | sort -V | head -1)" = "$wanted" ] || missing \
        "Rust $found is too old: $wanted or newer is needed. \`rustup update stable\` brings it."
    # SQLite, zstd and the allocator are C.
    command -v cc >/dev/null || apt_install build-essential || missing \
        "A C compiler is missing: \`sudo apt install build-essential\`, or \`xcode-select --install\` on a Mac."
}

need_python() {
    local python="${PYTHON:-python3}"
    command -v "$python" >/dev/null || apt_install python3 || missing \
        "Python is missing: 3.11 or newer, for readers that nobody here wrote. \`sudo apt install python3 python3-venv\`."
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || missing \
        "$("$python" --version) is too old: 3.11 or newer is needed. \`make PYTHON=python3.12 …\` uses another."
    "$python" -c 'import ensurepip, venv' 2>/dev/null || apt_install python3-venv || missing \
        "Python's \`venv\` is missing: \`sudo apt install python3-venv\`."
}

# A server of its own for each test that needs one; the system's is neither used nor changed.
need_postgres() {
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null ||
        apt_install postgresql || missing \
        "PostgreSQL is missing: tests start servers of their own. \`sudo apt install postgresql\`, 13 or newer."
}

# Where programs stand that only tests need: beside what cargo builds.
tools() {
    echo "${CARGO_TARGET_DIR:-target}/tools"
}

need_s3() {
    local version=0.14.1 program
    program="$(tools)/bin/s3s-fs"
    [ "$("$program" --version 2>/dev/null | cut -d' ' -f2)" = "$version" ] && return
    echo "building s3s-fs, a server of S3 for tests" >&2
    "${CARGO:-cargo}" install --quiet --locked --root "$(tools)" --features binary "s3s-fs@$version" || missing \
        "s3s-fs, a server of S3 for tests, does not build."
}

need_azure() {
    local version=3.35.0 folder
    folder="$(tools)/azurite"
    [ -e "$folder/$version" ] && return
    command -v npm >/dev/null || apt_install npm || missing \
        "Node is missing: Azurite, a server of Azure's blobs for tests, runs on it. \`sudo apt install npm\`, Node 18 or newer."
    echo "installing Azurite, a server of Azure's blobs for tests" >&2
    mkdir -p "$folder"
    npm install --silent --no-audit --no-fund --no-save --prefix "$folder" "azurite@$version" >/dev/null || missing \
        "npm does not install azurite@$version: it needs the network."
    touch "$folder/$version"
}

for tool in "$@"; do
    "need_$tool"
done
