#!/bin/sh
# Install what the real node needs besides the tools built here, and the browser that pictures are looked at with.
# Debian or Ubuntu, as root.
set -eu
packages="containerd runc containernetworking-plugins iptables ipset conntrack iproute2"
# 124 MB to download, 395 MiB on the disk.
packages="$packages chromium"
if [ "$(id -u)" != 0 ]; then
  echo "make node-tools: this installs Debian packages ($packages): run it as root" >&2
  exit 1
fi
if ! command -v apt-get >/dev/null; then
  echo "make node-tools: there is no apt-get here; install these yourself: $packages" >&2
  exit 1
fi
apt-get -qq update
# The packages' own services would run a second containerd, outside the tests' namespace.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi
# The names are split into words on purpose.
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends $packages >/dev/null
echo "installed: $packages"
