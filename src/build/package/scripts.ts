/**
 * What runs on the host when a package comes and goes. A host where nobody can log in is what they are
 * there to prevent.
 *
 * @module
 */

/** The profile of pam-auth-update: its file's name, which is also what removes it from the stacks. */
export const PAM_PROFILE = "oauth-pam";

const FILES = new URL("files/", import.meta.url);

async function fragment(name: string): Promise<string> {
  return await Deno.readTextFile(new URL(name, FILES));
}

/** Of the policy, nothing. */
const REMOVE_PROGRAM = "rm -rf /var/lib/oauth-pam /var/cache/oauth-pam.code";

/** By the names that dpkg knows. */
export async function debScripts(): Promise<ReadonlyMap<string, string>> {
  const script = (...parts: string[]) =>
    ["#!/bin/sh", "set -e", "", ...parts, ""].join("\n");
  return new Map([
    [
      "preinst",
      script(
        await fragment("coming.sh"),
        `case $1 in
  install) keep_program ;;
esac`,
      ),
    ],
    [
      "postinst",
      script(
        await fragment("installed.sh"),
        `case $1 in
  configure)
    make_places
    # not in any stack until an administrator chooses it
    pam-auth-update --package
    if [ -d /sys/kernel/security/apparmor ] && command -v apparmor_parser >/dev/null 2>&1; then
      apparmor_parser -r -T -W /etc/apparmor.d/var.lib.oauth-pam.login || :
    fi
    [ -z "\${2-}" ] || apply_again
    ;;
esac`,
      ),
    ],
    [
      "prerm",
      script(
        await fragment("removal.sh"),
        `case $1 in
  remove)
    # first what only an administrator can change: a refusal leaves everything as it is
    refuse_while_named --exclude='common-*' || exit 1
    pam-auth-update --package --remove ${PAM_PROFILE}
    # it leaves stacks alone that were changed by hand
    refuse_while_named || exit 1
    ;;
esac`,
      ),
    ],
    [
      "postrm",
      script(
        `case $1 in
  remove)
    if [ -d /sys/kernel/security/apparmor ] && command -v apparmor_parser >/dev/null 2>&1; then
      echo 'profile oauth-pam-login {}' | apparmor_parser -R >/dev/null 2>&1 || :
    fi
    ;;
  purge)
    # the policy is the administrator's, and so is the user, whom other files may belong to
    ${REMOVE_PROGRAM} /var/cache/oauth-pam /var/cache/oauth-pam-keys
    ;;
esac`,
      ),
    ],
  ]);
}

/** By the names that a spec has. The audit file lies in a cache directory, so that RPM leaves these. */
export async function rpmScripts(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ["pre", `${await fragment("coming.sh")}\n[ "$1" -ne 1 ] || keep_program`],
    [
      "post",
      `${await fragment("installed.sh")}
make_places
[ "$1" -eq 1 ] || apply_again`,
    ],
    [
      "preun",
      `${await fragment("removal.sh")}
[ "$1" -ne 0 ] || refuse_while_named`,
    ],
    ["postun", `[ "$1" -ne 0 ] || ${REMOVE_PROGRAM}`],
  ]);
}
