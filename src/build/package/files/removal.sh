# A stack that starts what is no longer there refuses everybody. So does sshd, where it asks about keys by
# a command that is gone. The package stays while one of them names it.
# However many slashes there are, and where /bin and /lib are links into /usr.
SLASH='/+(\./+)*'
OURS="(libexec|lib)${SLASH}oauth-pam/|bin${SLASH}oauth-pam([^[:alnum:]_./-]|\$)"
OURS="^[[:space:]]*([^#[:space:]].*)?$SLASH((usr$SLASH)?($OURS)|var${SLASH}lib${SLASH}oauth-pam/)"

# What stacks and sshd read, and the unit that starts sshd: paths and patterns, a line each.
USUAL='/etc/pam.d/*
/etc/pam.conf
/usr/lib/pam.d/*
/etc/ssh/sshd_config
/etc/ssh/sshd_config.d/*
/etc/systemd/system/ssh*'

# Files that these include.
included_by() { # FILE...
  sed -nE \
    -e 's/^[[:space:]]*@include[[:space:]]+(\/[^[:space:]#]+).*/\1/p' \
    -e 's/^[^#]*[[:space:]](include|substack)[[:space:]]+(\/[^[:space:]#]+).*/\2/p' \
    "$@" 2>/dev/null || :
  sed -nE -e 's/^[[:space:]]*[Ii][Nn][Cc][Ll][Uu][Dd][Ee][[:space:]=]+//p' "$@" 2>/dev/null |
    tr -d '"' | tr -s ' \t' '\n' | sed -E 's/^([^\/])/\/etc\/ssh\/\1/' || :
}

# All of them, also those that are included by what is included.
files_read() {
  known='' found=$USUAL
  while [ "$found" != "$known" ]; do
    known=$found
    # unquoted, because these are patterns
    # shellcheck disable=SC2086
    found=$(printf '%s\n' "$USUAL" "$(included_by $known)" | sort -u)
  done
  printf '%s\n' "$found"
}

# Each line that names us, as FILE:NUMBER:LINE. Copies that editors and package managers leave are read by nobody.
lines_that_name_us() ( # GREP-OPTION...
  # a byte of another encoding is no reason to see nothing
  export LC_ALL=C
  # shellcheck disable=SC2046
  grep -aRHnsE "$@" --exclude='*~' --exclude='*.dpkg-*' --exclude='*.rpmsave' --exclude='*.rpmnew' \
    --exclude='*.rpmorig' -e "$OURS" $(files_read) |
    sort -u || :
)

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
