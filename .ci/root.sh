# Read by .ci/environment: the private Debian 13 root, how it is kept and how it is entered.

# The name holds a hash of everything that decides what is in the root, so another list of packages
# is another root and colleagues on two branches do not disturb each other.
root_name() {
  local sum
  sum=$(cat "$ci/packages" "$ci/make-root" | sha256sum)
  printf 'debian-13-%s-%s' "$(uname -m)" "${sum:0:12}"
}

root=$cache/$(root_name)

# Complete means: the stamp that make-root writes last, and the things a build cannot do without.
# A root that someone half deleted, or a disk that filled up, fails here.
root_exists() {
  [ -f "$root/.sotto-root" ] && [ -x "$root/usr/bin/gcc" ] && [ -x "$root/usr/bin/meson" ] \
    && [ -f "$root"/usr/lib/*-linux-gnu*/pkgconfig/gtk4.pc ] && [ -d "$root/etc/alternatives" ]
}

# Programs that making and entering the root need on the host.
need_tools() {
  local missing=() tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null || missing+=("$tool")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  local packages=("${missing[@]/#bwrap/bubblewrap}")
  may_install || die "please install: ${packages[*]} (we are neither root nor may use sudo)"
  say "installing ${packages[*]} …"
  case $(package_manager) in
    apt-get)
      as_root apt-get -qq update >&2 || true
      as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
        install "${packages[@]}" debian-archive-keyring ca-certificates >&2 ;;
    dnf) as_root dnf -q -y install "${packages[@]}" debian-keyring >&2 ;;
    pacman) as_root pacman -S --noconfirm --needed "${packages[@]}" debian-archive-keyring >&2 ;;
    *) die "please install: ${packages[*]} (no package manager known to this script)" ;;
  esac || die "could not install: ${packages[*]}"
}

# Makes the root where it is missing or broken. The lock keeps two callers from making it twice; the
# second waits and finds it done.
root_ready() {
  need_tools bwrap
  if root_exists; then return; fi
  need_tools bwrap mmdebstrap flock
  mkdir -p "$cache"
  (
    exec 9>"$cache/lock"
    if ! flock -n 9; then
      say 'another start is preparing the environment; waiting for it …'
      flock 9
    fi
    if root_exists; then exit 0; fi
    if [ -e "$root" ]; then
      say "the environment at $root is broken: making it again"
    fi
    "$ci/make-root" "$root" 9>&-
  ) || die 'the environment could not be made (see above)'
  root_exists || die "the environment at $root is not complete; delete it and try again"
}

# Adds to the array `args` a bind of $2 at its own place, when it exists. $1: the kind of bind.
pass() {
  if [ -e "$2" ]; then args+=("$1" "$2" "$2"); fi
}

# The driver's user-space libraries follow the host's driver, so they cannot be part of the root.
# They are laid side by side in a folder of symbolic links to a read-only view of the host's ones.
pass_nvidia() {
  local lib folder found=()
  [ -e /dev/nvidiactl ] || return 0
  while read -r lib; do
    found+=("$lib")
  done < <(ldconfig -p 2>/dev/null | sed -n 's/.* => \(.*\/lib\(cuda\|nvidia-ml\|nvidia-ptxjitcompiler\|nvidia-gpucomp\|nvidia-nvvm\)\.so.*\)/\1/p')
  [ ${#found[@]} -gt 0 ] || return 0
  folder=/run/nvidia
  args+=(--dir "$folder")
  for lib in "${found[@]}"; do
    args+=(--ro-bind "$(readlink -f "$lib")" "$folder/${lib##*/}")
  done
  args+=(--setenv LD_LIBRARY_PATH "$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}")
}

# The toolkit is often a chain of links (/usr/local/cuda -> /etc/alternatives/cuda -> cuda-13.0).
pass_cuda() {
  local cuda=${CUDA_HOME:-/usr/local/cuda} real
  real=$(readlink -f "$cuda" 2>/dev/null) || return 0
  [ -d "$real" ] || return 0
  # Below /usr only /usr/local is ours to add folders to.
  case $real in /usr/local/*) ;; /usr/*) return 0 ;; esac
  args+=(--ro-bind "$real" "$real")
  if [ "$real" != "$cuda" ]; then args+=(--symlink "$real" "$cuda"); fi
}

# Display, session bus, sound: sockets in XDG_RUNTIME_DIR, X11's folder, and addresses in variables.
pass_desktop() {
  args+=(--tmpfs /run)
  pass --bind "${XDG_RUNTIME_DIR:-/nonexistent}"
  pass --ro-bind /run/dbus
  pass --ro-bind /run/udev
  pass --ro-bind /run/systemd/resolve
  pass --ro-bind "${XAUTHORITY:-/nonexistent}"
  pass --ro-bind /sys
}

# Who we are and where the network is: from the host, over the root's own files.
pass_identity() {
  local file
  for file in /etc/passwd /etc/group /etc/resolv.conf /etc/hosts /etc/localtime; do
    if [ -e "$file" ]; then args+=(--ro-bind "$(readlink -f "$file")" "$file"); fi
  done
  # The host may trust an authority that the root does not know.
  if [ -d /etc/ssl/certs ]; then args+=(--ro-bind /etc/ssl/certs /etc/ssl/certs); fi
  pass --ro-bind /usr/local/share/ca-certificates
  pass --ro-bind /etc/pip.conf
}

# A container of another kind around us may forbid a /proc of our own; then its /proc has to do.
proc_arguments() {
  if bwrap --ro-bind / / --proc /proc -- /bin/true 2>/dev/null; then
    printf '%s\n' --proc /proc
  else
    printf '%s\n' --dev-bind /proc /proc
  fi
}

# The root's own system stays read-only, so that nothing run inside changes it for the next one.
# Everything a build touches lies on the host at the same path: home, cache, the folder the
# repository lies in, the working directory, /tmp.
enter_root() {
  local args folder
  mapfile -t args < <(proc_arguments)
  args+=(
    --ro-bind "$root/usr" /usr --tmpfs /usr/local --ro-bind "$root/etc" /etc
    --ro-bind "$root/var" /var --bind /tmp /tmp --bind /tmp /var/tmp --dev-bind /dev /dev
    --symlink usr/bin /bin --symlink usr/sbin /sbin --symlink usr/lib /lib --symlink usr/lib64 /lib64
  )
  pass_identity
  pass_desktop
  pass_cuda
  pass_nvidia
  for folder in "${HOME:-}" "$cache" "${repo%/*}" "$repo" "$PWD"; do
    case $folder in
      '' | / | /usr | /usr/* | /etc | /etc/* | /tmp | /tmp/*) ;;
      *) pass --bind "$folder" ;;
    esac
  done
  exec bwrap "${args[@]}" --chdir "$PWD" --setenv SOTTO_INSIDE "${root##*/}" \
    --setenv PATH "$(inside_path)" --setenv LANG "$(inside_lang)" -- "$@"
}

inside_path() {
  local cuda=
  if [ -d /usr/local/cuda/bin ]; then cuda=:/usr/local/cuda/bin; fi
  printf '%s' "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin$cuda"
}

# Only these locales are there; another one would make GTK warn and Python fall back to ASCII.
inside_lang() {
  case ${LANG:-} in
    C.UTF-8|C.utf8|pl_PL.UTF-8|pl_PL.utf8|en_US.UTF-8|en_US.utf8|de_DE.UTF-8) printf '%s' "$LANG" ;;
    *) printf C.UTF-8 ;;
  esac
}
