#!/usr/bin/env bash
# Says in one sentence what is missing on this machine and how to get it; `need.sh rust python` asks for both.
# Installs nothing but Debian packages, and those only as root: on other machines the words are for their owner.
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

for tool in "$@"; do
    "need_$tool"
done
