# Sourced by run.sh and test.sh: installs the packages that elbo's build needs from the distribution.

BUILD_PACKAGES="g++ cmake ninja-build libhwy-dev libcli11-dev libtomlplusplus-dev nlohmann-json3-dev
  libstb-dev libpng-dev libjpeg-dev zlib1g-dev libzip-dev libcurl4-openssl-dev"
TEST_PACKAGES="ccache libgtest-dev libbenchmark-dev libboost-context-dev pkg-config python3
  libhdf5-dev libmatio-dev libwebp-dev libtiff-dev"

# install_packages NAME…: installs missing packages; needs root or sudo only if one is missing.
install_packages() {
  local missing=() package
  if ! command -v dpkg-query >/dev/null; then
    echo "elbo: this is not Debian or Ubuntu: have these, or their like, installed: $*" >&2
    return 0
  fi
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "elbo: installing ${missing[*]}"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "elbo: these packages are missing and need root: ${missing[*]}" >&2; return 1; }
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

# The CUDA toolkit is often installed without being on PATH.
find_nvcc() {
  if ! command -v nvcc >/dev/null && [ -x /usr/local/cuda/bin/nvcc ]; then
    export PATH="$PATH:/usr/local/cuda/bin"
  fi
  command -v nvcc >/dev/null
}
