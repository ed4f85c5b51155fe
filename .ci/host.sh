# Read by .ci/environment: the host as the place to build in.

# What pkg-config must find, with the floors that design and code rely on.
host_modules=(
  'gtk4 >= 4.18' 'libadwaita-1 >= 1.7' 'gtksourceview-5 >= 5.16' 'glib-2.0 >= 2.84' 'yyjson'
  'sqlcipher' 'libsecret-1' 'libsodium' 'libcmark-gfm' 'libspelling-1' 'poppler-glib >= 22.12'
)

# Programs the build and the tests call; the packages stand in .ci/packages.
host_programs=(
  cc c++ clang meson ninja pkg-config msgfmt git python3 glib-compile-resources xmllint
  desktop-file-validate appstreamcli Xvfb xdotool dbus-run-session gnome-keyring-daemon secret-tool
  strace nm readelf flatpak flatpak-builder ostree
)

# Prints what is missing; nothing when the host is complete.
host_missing() {
  local module program
  if command -v pkg-config >/dev/null; then
    for module in "${host_modules[@]}"; do
      pkg-config --exists "$module" 2>/dev/null || printf '%s; ' "$module"
    done
  else
    printf 'pkg-config; '
  fi
  for program in "${host_programs[@]}"; do
    command -v "$program" >/dev/null || printf '%s; ' "$program"
  done
  python3 -c 'import gi; gi.require_version("Atspi", "2.0")' 2>/dev/null \
    || printf 'python3 with gi and Atspi; '
}

# The same question answered with one call of pkg-config, for every start.
host_complete() {
  local program
  for program in "${host_programs[@]}"; do
    command -v "$program" >/dev/null || return 1
  done
  pkg-config --exists "${host_modules[@]}" 2>/dev/null || return 1
  [ -z "$(host_missing)" ]
}

# How to become root without asking, or nothing.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

may_install() {
  [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }
}

package_manager() {
  local name
  for name in apt-get dnf pacman; do
    if command -v "$name" >/dev/null; then printf '%s' "$name"; return; fi
  done
}

# Sorted by version, is $1 at least $2?
at_least() {
  [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]
}

# The version of a package that the package manager would install, without epoch and revision.
candidate() {
  local version=
  case $(package_manager) in
    apt-get) version=$(LC_ALL=C apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: //p') ;;
    dnf) version=$(LC_ALL=C dnf -q repoquery --latest-limit=1 --qf '%{version}\n' "$1" 2>/dev/null \
                   | tail -n 1) ;;
    pacman) version=$(LC_ALL=C pacman -Si "$1" 2>/dev/null | sed -n 's/^Version *: //p') ;;
  esac
  version=${version##*:}
  printf '%s' "${version%%[-+~]*}"
}

# Can the host's package manager install GTK and libadwaita as new as we need them, and may we?
host_offers() {
  local gtk adw
  may_install || return 1
  case $(package_manager) in
    apt-get) gtk=libgtk-4-dev adw=libadwaita-1-dev
             [ -n "$(candidate "$gtk")" ] || as_root apt-get -qq update >&2 || return 1 ;;
    dnf) gtk=gtk4-devel adw=libadwaita-devel ;;
    pacman) gtk=gtk4 adw=libadwaita
            [ -n "$(candidate "$gtk")" ] || as_root pacman -Sy >&2 || return 1 ;;
    *) return 1 ;;
  esac
  gtk=$(candidate "$gtk") adw=$(candidate "$adw")
  [ -n "$gtk" ] && [ -n "$adw" ] && at_least "$gtk" 4.18 && at_least "$adw" 1.7
}

# The lines of .ci/packages under the names that this package manager uses.
package_names() {
  awk -v key="${1%-get}=" '
    { sub(/(^|[ \t])#.*/, "") }
    NF == 0 { next }
    { name = $1
      for (i = 2; i <= NF; i++) if (index($i, key) == 1) name = substr($i, length(key) + 1)
      if (name != "-") print name }' "$ci/packages"
}

# Runs a long command with its output in a log: a sign of life now and then, the end if it fails.
logged() {
  local log=$cache/install.log
  mkdir -p "$cache"
  if "$@" 2>&1 < /dev/null | tee "$log" \
       | awk 'NR % 200 == 0 { print ".ci/environment: … " NR " lines of its log" }' >&2; then
    return
  fi
  tail -n 20 "$log" >&2
  say "$1 failed; all of its output is in $log"
  return 1
}

host_install() {
  local manager names
  may_install || return 1
  manager=$(package_manager)
  [ -n "$manager" ] || return 1
  mapfile -t names < <(package_names "$manager")
  say "installing what is missing with $manager (${#names[@]} packages and what they need) …"
  case $manager in
    apt-get) logged as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
               --no-install-recommends -o Dpkg::Use-Pty=0 install "${names[@]}" ;;
    dnf) logged as_root dnf -q -y --setopt=install_weak_deps=False --skip-unavailable \
           install "${names[@]}" ;;
    pacman) logged as_root pacman -S --noconfirm --needed "${names[@]}" ;;
  esac || return 1
  # The tests run under this locale too; where it can't be made they say so.
  if ! locale -a 2>/dev/null | grep -qi '^pl_PL\.utf-\?8$'; then
    as_root localedef -i pl_PL -f UTF-8 pl_PL.UTF-8 2>/dev/null || true
  fi
  host_complete || { say "still missing on this host: $(host_missing)"; return 1; }
}

enter_host() {
  export SOTTO_INSIDE=host
  exec "$@"
}
