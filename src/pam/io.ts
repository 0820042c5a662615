/**
 * What a PAM verb gets from the process. Everything else it touches is files and the network.
 *
 * @module
 */

import type { within } from "../lib/deadline.ts";

export interface PamIo {
  /** The value of an environment variable. Throws when it is not UTF-8. */
  readonly env: (name: string) => string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Reads like `Deno.stdin.read`. */
  readonly stdin: { read(buffer: Uint8Array): Promise<number | null> };
  /** What the remote user may see. */
  readonly stdout: (text: string) => void;
  /** For the log, when the syslog socket cannot be used. May return a promise. */
  readonly stderr: (text: string) => unknown;
  /** How the syslog daemon is waited for; `within` unless given. */
  readonly within?: typeof within;
  /** The folder with policies that were parsed before; none unless given. */
  readonly parsed?: string | null;
  /** The folder of this host's `passwd` and `nsswitch.conf`; `/etc` unless given. */
  readonly etc?: string;
}
