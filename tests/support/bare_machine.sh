# Sourced by packages_test.sh and fresh_machine.sh: a minimal system of this machine's release in a folder, with this
# machine's package sources and certificates and the project's last commit in /elbo. Mounts are made in a separate
# namespace for each command, so that none is left however it ends.

# skip WHY: ends the script as skipped.
skip() { echo "skipped: no bare machine: $*"; exit 0; }

# seconds_of NAME COMMAND…: runs the command and prints its time.
seconds_of() {
  local name=$1 begin=$SECONDS
  shift
  "$@"
  echo "== $name: $((SECONDS - begin)) s"
}

# The repository of this machine's release packages.
release_repository() {
  apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Identifier: Packages' |
    awk -v release="$1" '$1 == release && $2 == "main" && !found++ { print $3 }'
}

# make_machine PROJECT: sets `machine`, a folder that is removed when the script ends.
make_machine() {
  local project=$1 release repository log
  [ "$(id -u)" -eq 0 ] || skip "making one needs root"
  command -v debootstrap >/dev/null || skip "debootstrap is not installed"
  unshare --mount --pid --fork --kill-child true 2>/dev/null || skip "mounting is not allowed here"
  release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  repository=$(release_repository "$release")
  if [ -z "$repository" ]; then
    apt-get update -qq || skip "the package sources cannot be reached"
    repository=$(release_repository "$release")
  fi
  [ -n "$repository" ] || skip "this machine has no package source for ${release:-its release}"

  machine=$(mktemp -d "${TMPDIR:-/var/tmp}/elbo-machine.XXXXXX")
  chmod 755 "$machine"
  trap 'rm -rf --one-file-system "$machine" "$machine.log"' EXIT
  trap 'exit 130' INT TERM
  log=$machine.log
  unshare --mount --pid --fork --kill-child debootstrap --variant=minbase "$release" "$machine" "$repository" \
    >"$log" 2>&1 || { log=$(tail -1 "$log"; rm -f "$log"); skip "debootstrap failed: $log"; }
  rm -f "$log"

  local name
  rm -f "$machine/etc/apt/sources.list"
  for name in apt/{sources.list{,.d},apt.conf{,.d},preferences{,.d},trusted.gpg{,.d},keyrings} ssl/certs; do
    [ -e "/etc/$name" ] || continue
    mkdir -p "$(dirname "$machine/etc/$name")"
    cp -RLT "/etc/$name" "$machine/etc/$name" 2>/dev/null || true  # except for broken links
  done
  cp -RL /usr/share/keyrings "$machine/usr/share"
  echo force-unsafe-io >"$machine/etc/dpkg/dpkg.cfg.d/bare-machine"
  mkdir "$machine/elbo"
  git -C "$project" archive HEAD | tar -x -C "$machine/elbo"
}

# in_machine COMMAND…: runs it in the project's folder, with only the environment's network settings.
in_machine() {
  local name settings=()
  for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    [ -z "${!name:-}" ] || settings+=("$name=${!name}")
  done
  unshare --mount --pid --fork --kill-child \
    sh -ec 'mount -t proc proc "$0/proc"
            mount -t devpts -o newinstance,ptmxmode=0666 devpts "$0/dev/pts"
            exec chroot "$0" /usr/bin/env -i -C /elbo "$@"' "$machine" \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "${settings[@]}" "$@"
}
