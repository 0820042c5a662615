# A stack that starts what is no longer there refuses everybody. So does sshd, where it asks about keys by
# a command that is gone. The package stays while one of them names it.
OURS='^[[:space:]]*([^#[:space:]].*)?/(usr/libexec/oauth-pam/|usr/lib/oauth-pam/|var/lib/oauth-pam/|usr/bin/oauth-pam([[:space:]]|$))'

# Files outside the usual places that stacks and sshd read as well.
included_files() {
  sed -nE \
    -e 's/^[[:space:]]*@include[[:space:]]+(\/[^[:space:]#]+).*/\1/p' \
    -e 's/^[^#]*[[:space:]](include|substack)[[:space:]]+(\/[^[:space:]#]+).*/\2/p' \
    /etc/pam.d/* /etc/pam.conf 2>/dev/null || :
  sed -nE -e 's/^[[:space:]]*[Ii][Nn][Cc][Ll][Uu][Dd][Ee][[:space:]=]+//p' \
    /etc/ssh/sshd_config /etc/ssh/sshd_config.d/* 2>/dev/null |
    tr -d '"' | tr -s ' \t' '\n' | sed -E 's/^([^\/])/\/etc\/ssh\/\1/' || :
}

# Each line that names us, as FILE:NUMBER:LINE. Copies that editors and package managers leave are read by nobody.
lines_that_name_us() { # GREP-OPTION...
  # unquoted, because Include takes patterns
  # shellcheck disable=SC2046
  grep -RHnsE "$@" --exclude='*~' --exclude='*.dpkg-*' --exclude='*.rpmsave' --exclude='*.rpmnew' \
    --exclude='*.rpmorig' -e "$OURS" \
    /etc/pam.d /etc/pam.conf /usr/lib/pam.d /etc/ssh/sshd_config /etc/ssh/sshd_config.d $(included_files) |
    sort -u || :
}

refuse_while_named() { # GREP-OPTION...
  named=$(lines_that_name_us "$@")
  [ -n "$named" ] || return 0
  {
    if [ "${OAUTH_PAM_REMOVE_ANYWAY-}" = 1 ]; then
      echo "oauth-pam: removed although these lines name it, as OAUTH_PAM_REMOVE_ANYWAY=1 says:"
    else
      echo "oauth-pam: not removed, because nobody could log in where these lines stand without it:"
    fi
    printf '%s\n' "$named" | sed 's/^/  /'
    [ "${OAUTH_PAM_REMOVE_ANYWAY-}" = 1 ] ||
      echo "Remove these lines, or put back the files that were there before, log in once, and try again." \
        "OAUTH_PAM_REMOVE_ANYWAY=1 removes it all the same."
  } >&2
  [ "${OAUTH_PAM_REMOVE_ANYWAY-}" = 1 ]
}
