#!/bin/sh
# The browser that the tests drive: one that is there, else Debian's, else Playwright's own.
set -u
bin=$1

# A Chromium that cannot say its version (Ubuntu's stand-in without snap, say) is none.
runs() {
    command -v "$1" >/dev/null 2>&1 && "$1" --version >/dev/null 2>&1
}

for name in chromium-headless-shell chromium chromium-browser google-chrome; do
    if runs "$name"; then exit 0; fi
done

if command -v apt-get >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ]; then root=""; elif sudo -n true 2>/dev/null; then root="sudo -n"; else root="none"; fi
    if [ "$root" != none ]; then
        echo "Installing Debian's chromium ..."
        # Debian's Chromium without a window, where there is that package, else the whole of it.
        $root env DEBIAN_FRONTEND=noninteractive sh -c '
            apt-get update -qq
            for name in chromium-headless-shell chromium; do
                apt-get install -y -qq --no-install-recommends "$name" fonts-dejavu-core && break
            done' >/dev/null 2>&1
        if runs chromium-headless-shell || runs chromium; then exit 0; fi
        echo "The package manager has no chromium that runs; taking Playwright's own." >&2
    fi
fi

echo "Installing Playwright's Chromium ..."
"$bin/playwright" install chromium && exit 0
echo "error: no browser could be installed. Install Chromium by hand and run make again." >&2
exit 1
