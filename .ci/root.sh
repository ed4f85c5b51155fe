# Read by .ci/environment: the private Debian 13 root, how it is kept and how it is entered.

# The name holds a hash of everything that decides what is in the root, so another list of packages
# is another root and colleagues on two branches do not disturb each other.
machine=$(uname -m)
root=$(cat "$ci/packages" "$ci/make-root" | sha256sum)
root=$cache/debian-13-$machine-${root:0:12}

# Complete means: the stamp that make-root writes last, and a look at what a build cannot do without.
# A root that was half deleted, or made on a disk that filled up, fails here.
root_exists() {
  local file
  for file in .sotto-root usr/bin/gcc usr/bin/clang usr/bin/meson usr/bin/python3 usr/bin/Xvfb \
              usr/include/stdio.h usr/include/gtk-4.0/gtk/gtk.h usr/share/icons/Adwaita/index.theme \
              "usr/lib/$machine-linux-gnu/pkgconfig/gtk4.pc" "usr/lib/$machine-linux-gnu/libadwaita-1.so" \
              usr/share/fonts etc/fonts/fonts.conf var/lib/dpkg/status; do
    [ -e "$root/$file" ] || return 1
  done
}

# Programs that making and entering the root need on the host.
need_tools() {
  local missing=() tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null || missing+=("$tool")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  local packages=("${missing[@]/#bwrap/bubblewrap}")
  packages=("${packages[@]/#newuidmap/uidmap}")
  packages=("${packages[@]/#flock/util-linux}")
  may_install || die "please install: ${packages[*]} (we are neither root nor may use sudo)"
  say "installing ${packages[*]} …"
  case $(package_manager) in
    apt-get)
      as_root apt-get -qq update >&2 || true
      logged as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
        -o Dpkg::Use-Pty=0 install "${packages[@]}" debian-archive-keyring ca-certificates ;;
    dnf) logged as_root dnf -q -y install "${packages[@]}" debian-keyring ;;
    pacman) logged as_root pacman -S --noconfirm --needed "${packages[@]}" debian-archive-keyring ;;
    *) die "please install: ${packages[*]} (no package manager known to this script)" ;;
  esac || die "could not install: ${packages[*]}"
}

# A /proc of our own may be forbidden by a container around us; then its /proc has to do. So it has for
# a sandbox within ours (SOTTO_NESTED), which may mount its own only if nothing of the one it sees is
# covered.
proc_arguments() {
  if [ -z "${SOTTO_NESTED:-}" ] && bwrap --ro-bind / / --proc /proc -- /bin/true 2>/dev/null; then
    printf '%s\n' --proc /proc
  else
    printf '%s\n' --dev-bind /proc /proc
  fi
}

# Said before a minute is spent on a root that could not be entered.
need_namespaces() {
  local words
  words=$(bwrap --ro-bind / / -- /bin/true 2>&1) && return
  say "this system is too old for Sotto, and a private one can't be entered here: $words"
  say 'bubblewrap needs user namespaces. In a container: start it from a Debian 13 image, where none'
  say 'of this is needed, or with --privileged. Elsewhere: sysctl kernel.unprivileged_userns_clone=1'
  die 'and, where AppArmor restricts them, kernel.apparmor_restrict_unprivileged_userns=0.'
}

# Makes the root where it is missing or broken. The lock keeps two callers from making it twice; the
# second waits and finds it done.
root_ready() {
  if root_exists; then
    need_tools bwrap
    return
  fi
  # As an ordinary user mmdebstrap works in a user namespace, which takes newuidmap.
  local for_users=()
  if [ "$(id -u)" != 0 ]; then for_users=(newuidmap); fi
  need_tools bwrap mmdebstrap flock "${for_users[@]}"
  need_namespaces
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

# Adds to the array `args` a bind of $2 at its own place (or at $3), when it exists. $1: the kind.
# Below the root's own folders, which are read-only, bubblewrap can't make the place to bind to: it
# is made in the root itself then.
pass() {
  local kind=$1 from=$2 to=${3:-$2}
  [ -e "$from" ] || return 0
  case $to in
    /usr/* | /etc/* | /var/*)
      if [ ! -e "$root$to" ]; then
        if [ -d "$from" ]; then mkdir -p "$root$to"; else mkdir -p "$root${to%/*}" && : > "$root$to"; fi
      fi ;;
  esac
  args+=("$kind" "$(readlink -f "$from")" "$to")
}

# Everything of the host that is not its operating system, at the same place: homes, mounted disks,
# the folder the repository lies in. A model may lie anywhere, and a build finds its paths again.
pass_host() {
  local folder
  for folder in /*/; do
    folder=${folder%/}
    case $folder in
      /bin | /sbin | /lib* | /usr | /etc | /var | /dev | /proc | /sys | /run | /tmp) ;;
      /boot | /lost+found | /initrd* | /vmlinuz* | /.*) ;;
      *) pass --bind "$folder" ;;
    esac
  done
  for folder in "${HOME:-}" "$cache" "$repo" "$PWD" "${TMPDIR:-}"; do
    case $folder in
      /usr/?* | /var/?* | /run/?* | /etc/?*) pass --bind "$folder" ;;
    esac
  done
}

# Display, session bus and sound: sockets in XDG_RUNTIME_DIR and in /tmp, addresses in variables.
pass_desktop() {
  local place
  for place in "${XDG_RUNTIME_DIR:-}" /run/media; do
    case $place in /run/?*) pass --bind "$place" ;; esac
  done
  for place in /run/dbus /run/udev /run/systemd/resolve "${XAUTHORITY:-}"; do
    case $place in /run/?*) pass --ro-bind "$place" ;; esac
  done
}

# Who we are and where the network is: from the host, over the root's own files. The host may trust
# an authority that the root does not know, so its certificates too.
pass_identity() {
  local place
  for place in /etc/passwd /etc/group /etc/resolv.conf /etc/hosts /etc/localtime /etc/ssl/certs \
               /etc/pki /usr/local/share/ca-certificates /etc/pip.conf; do
    pass --ro-bind "$place"
  done
}

# The toolkit is often behind links (/usr/local/cuda -> /etc/alternatives/cuda -> cuda-13.0).
pass_cuda() {
  local cuda=${CUDA_HOME:-/usr/local/cuda} real
  [ -d "$cuda" ] || return 0
  real=$(readlink -f "$cuda")
  pass --ro-bind "$real"
  if [ "$real" != "$cuda" ]; then pass --ro-bind "$real" "$cuda"; fi
}

# The driver's libraries in user space go with the host's kernel module, so they can't be part of the
# root: they are laid into a folder of their own.
pass_nvidia() {
  [ -e /dev/nvidiactl ] || return 0
  local lib libs='cuda|nvidia-ml|nvidia-ptxjitcompiler|nvidia-gpucomp|nvidia-nvvm'
  args+=(--dir /run/nvidia --setenv LD_LIBRARY_PATH /run/nvidia)
  while read -r lib; do
    args+=(--ro-bind "$(readlink -f "$lib")" "/run/nvidia/${lib##*/}")
  done < <(ldconfig -p 2>/dev/null | sed -nE "s,.* => (/.*/lib($libs)\.so.*),\1,p" | sort -u)
}

# What a variable says about the host's libraries is wrong inside. Only some locales are there, and
# an unknown one makes GTK warn and Python fall back to ASCII.
pass_variables() {
  local name path=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
  for name in LD_LIBRARY_PATH LD_PRELOAD LIBRARY_PATH CPATH C_INCLUDE_PATH PKG_CONFIG_PATH \
              PKG_CONFIG_LIBDIR PYTHONPATH PYTHONHOME GI_TYPELIB_PATH GIO_EXTRA_MODULES \
              GIO_MODULE_DIR GTK_PATH GTK_MODULES GTK_EXE_PREFIX GDK_PIXBUF_MODULE_FILE \
              LOCPATH PERL5LIB; do
    args+=(--unsetenv "$name")
  done
  for name in LANG LC_ALL; do
    case ${!name:-} in
      '' | C | POSIX | C.UTF-8 | C.utf8) ;;
      pl_PL.UTF-8 | pl_PL.utf8 | en_US.UTF-8 | en_US.utf8 | de_DE.UTF-8 | de_DE.utf8) ;;
      *) args+=(--setenv "$name" C.UTF-8) ;;
    esac
  done
  [ -n "${LANG:-}" ] || args+=(--setenv LANG C.UTF-8)
  if [ -d "${CUDA_HOME:-/usr/local/cuda}/bin" ]; then path+=:${CUDA_HOME:-/usr/local/cuda}/bin; fi
  args+=(--setenv PATH "$path" --setenv SOTTO_INSIDE "${root##*/}")
}

# The root's own system stays read-only, so that nothing run inside changes it for the next one.
# bubblewrap becomes COMMAND (it makes no process in between), so signals and exit status are
# COMMAND's.
enter_root() {
  local args=(
    --ro-bind "$root/usr" /usr --tmpfs /usr/local --ro-bind "$root/etc" /etc
    --ro-bind "$root/var" /var --bind /tmp /tmp --bind /tmp /var/tmp --dev-bind /dev /dev
    --ro-bind /sys /sys --tmpfs /run
    --symlink usr/bin /bin --symlink usr/sbin /sbin --symlink usr/lib /lib --symlink usr/lib64 /lib64
  )
  # Root keeps its rights over files of others, as it has them outside.
  if [ "$(id -u)" = 0 ]; then args+=(--cap-add ALL); fi
  mapfile -t -O ${#args[@]} args < <(proc_arguments)
  pass_host
  pass_desktop
  pass_identity
  pass_cuda
  pass_nvidia
  pass_variables
  { : > "$root/.used"; } 2>/dev/null || true # roots that nobody enters for a month are removed
  exec bwrap "${args[@]}" --chdir "$PWD" -- "$@"
}
