/**
 * Where this program's examples and documents lie: in a checkout, or where the package puts them.
 *
 * @module
 */

/** Of the package are its own bundle, and the program that `apply` makes of it. */
const OF_PACKAGE = /^\/(?:usr|var)\/lib\/oauth-pam\//.test(
  decodeURIComponent(new URL(import.meta.url).pathname),
);

/** The folder of stacks for PAM and lines for sshd, with a "/" at its end. */
export const EXAMPLES = OF_PACKAGE
  ? "/usr/share/doc/oauth-pam/examples/"
  : "pam.d.example/";

/** The reference of policies, with a section for each provider. */
export const POLICY_REFERENCE = OF_PACKAGE
  ? `${EXAMPLES}policies/README.md`
  : "policies/README.md";

/** The folder of the launchers that PAM and sshd are to run. */
export const LAUNCHERS = OF_PACKAGE ? "/usr/libexec/oauth-pam/" : EXAMPLES;

/** From where a launcher that is damaged is to be had again. */
export const LAUNCHERS_AGAIN = OF_PACKAGE
  ? "the package: apt-get install --reinstall oauth-pam"
  : EXAMPLES;

/** How a launcher comes, whole and root's, to where sshd or PAM runs it. */
export function installLauncher(name: string, path: string): string {
  return LAUNCHERS + name === path
    ? "apt-get install --reinstall oauth-pam"
    : `install -o root -g root -m 0755 ${LAUNCHERS}${name} ${path}`;
}
