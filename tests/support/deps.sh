#!/bin/sh
# Installs what is missing of the Debian packages named for a purpose:
#
#   deps.sh build          what `make` needs
#   deps.sh demo           build, and curl
#   deps.sh test           build, and what `make test` needs
#   deps.sh check          test, and what `make check` needs
#   deps.sh clients        test, and the large clients of `make test-clients`
#   deps.sh print PURPOSE  only their names
#
# As root, or by sudo; otherwise it says what to install.  Does nothing, and needs
# no network, when nothing is missing.
set -eu

build='gcc libc6-dev make pkg-config libssl-dev libsqlite3-dev libical-dev libutf8proc-dev
	libidn2-dev zlib1g-dev libcrypt-dev tzdata'
demo='curl ca-certificates'
test='libcmocka-dev python3 openssl swaks libio-socket-ssl-perl isync mutt fetchmail
	offlineimap3 procps ncurses-base'
check='clang libclang-rt-dev'
clients='thunderbird getmail6'

packages() {
	case $1 in
	build) echo $build ;;
	demo) echo $build $demo ;;
	test) echo $build $demo $test ;;
	check) echo $build $demo $test $check ;;
	clients) echo $build $demo $test $clients ;;
	*) echo "deps.sh: no such purpose: $1" >&2; exit 2 ;;
	esac
}

if [ "${1-}" = print ]; then
	packages "${2-build}"
	exit
fi

missing=
for package in $(packages "${1-build}"); do
	status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=
	[ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null || ! sudo -v; then
		echo "Please install as root: apt-get install$missing" >&2
		exit 1
	fi
	as_root='sudo env DEBIAN_FRONTEND=noninteractive'
fi
echo "installing$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
$as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
