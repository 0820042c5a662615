# What a host needs beside the files: a user as whom sshd asks, and directories. tmpfiles.d says the same
# about directories that are lost while the host is off.
make_places() {
  if command -v systemd-sysusers >/dev/null 2>&1; then
    systemd-sysusers oauth-pam.conf
  elif ! getent passwd oauth-pam >/dev/null; then
    useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin oauth-pam
  fi
  install -d -m 0755 -o root -g root /var/lib/oauth-pam
  install -d -m 0700 -o root -g root /var/cache/oauth-pam
  install -d -m 0700 -o oauth-pam -g root /var/cache/oauth-pam-keys
  # what lies below /dev is out of the program's reach
  for directory in /var/cache/oauth-pam /var/cache/oauth-pam-keys; do
    [ -L "$directory/syslog" ] || ln -sT /dev/log "$directory/syslog" || :
  done
}

# Another Deno, another program: what logins run is written anew, for the policy and in the form of the last
# time. Where that fails the old one stays, and goes on working.
apply_again() {
  [ -e /var/lib/oauth-pam/login ] || return 0
  # for which policy a program is that "apply" did not write is not known here
  status=3
  if [ -e /var/lib/oauth-pam/applied.json ]; then
    status=0
    oauth-pam apply || status=$?
  fi
  case $status in
    0) ;;
    1) echo 'oauth-pam: the program for logins is new; what "oauth-pam check" found stands above' >&2 ;;
    *) echo 'oauth-pam: the program for logins is still that of the version before: run "oauth-pam apply"' >&2 ;;
  esac
}
