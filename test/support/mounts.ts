/**
 * Commands that see folders and files of a test in place of the machine's own.
 *
 * Debian packages: mount, util-linux (unshare).
 *
 * @module
 */

/** Words before a command that may mount as it likes: nobody but what it runs sees that. Needs root. */
export const OWN_MOUNTS: readonly string[] = [
  ...["/usr/bin/unshare", "--mount", "--propagation", "private"],
];

/**
 * The command as it runs where `mounts`, from a path to what stands there instead, are in place. It
 * keeps its process id. Needs root.
 *
 * A file that the machine replaces meanwhile loses its mount; take the folder around it then.
 */
export function withMounts(
  command: readonly string[],
  mounts: Readonly<Record<string, string>>,
): string[] {
  return [
    ...[...OWN_MOUNTS, "sh", "-ec"],
    'while [ "$1" != -- ]; do mount --bind "$2" "$1"; shift 2; done; shift; exec "$@"',
    ...["sh", ...Object.entries(mounts).flat(), "--", ...command],
  ];
}
