# A checkout's installation has its launchers where the package has its own. They start another program, which
# "oauth-pam apply" makes only later: until then the checkout's stands in its place, and goes on working.
keep_program() {
  keep=/var/lib/oauth-pam/login
  [ ! -e "$keep" ] || return 0
  for launcher in oauth-pam-launch oauth-pam-ssh-keys; do
    program=$(sed -n 's/^program=//p' "/usr/libexec/oauth-pam/$launcher" 2>/dev/null | head -n 1)
    [ -f "$program" ] || continue
    install -d -m 0755 -o root -g root "${keep%/*}"
    install -m 0755 -o root -g root "$program" "$keep.new"
    mv -f "$keep.new" "$keep"
    echo "oauth-pam: kept $program as $keep, so that logins go on as before:" \
      'run "oauth-pam apply POLICY" to have the package'"'s" >&2
    return 0
  done
}
