/**
 * One line an attempt to the local syslog daemon (RFC 3164 as spoken on /dev/log).
 *
 * @module
 */
import { within } from "../../lib/deadline.ts";
import {
  checkPrivateDirectory,
  ensurePrivateDirectory,
} from "../../files/private_directory.ts";

export type Severity = "err" | "warning" | "notice" | "info";

const FACILITY_AUTH = 4;
const SEVERITIES: Readonly<Record<Severity, number>> = {
  err: 3,
  warning: 4,
  notice: 5,
  info: 6,
};
const MONTHS = [
  "Jan",
  "Feb",
  "Mar",
  "Apr",
  "May",
  "Jun",
  "Jul",
  "Aug",
  "Sep",
  "Oct",
  "Nov",
  "Dec",
];
const BIND_ATTEMPTS = 20;
/** A daemon that is stopped leaves its queue full, and a datagram waits for room in it. */
const SEND_TIMEOUT_MS = 1_000;

interface SyslogOptions {
  readonly socket: string;
  /** A private directory for a socket to send from: the runtime cannot send from an unnamed one. */
  readonly directory: string;
  /** Whether the directory is ours to create where it is missing. */
  readonly createDirectory: boolean;
  readonly severity: Severity;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** `within` unless given. */
  readonly wait?: typeof within | undefined;
}

/**
 * A link to a socket below /dev, in the private directory: from Deno 2.9 on, paths below /dev need
 * every permission there is, which this program does not get, but a link to them does not. The
 * wrapper of a runtime build makes it; for a compiled program it is a step of the installation.
 */
function syslogLink(directory: string): string {
  return `${directory}/syslog`;
}

/**
 * Sends a line. Throws when there is no daemon, or none that takes it in time, or no place for the
 * socket.
 */
export async function sendToSyslog(
  line: string,
  options: SyslogOptions,
): Promise<void> {
  const { directory, wait = within } = options;
  if (options.createDirectory) await ensurePrivateDirectory(directory);
  else await checkPrivateDirectory(directory);
  const from = `${directory}/log.sock`;
  const connection = bind(from);
  try {
    const packet = new TextEncoder().encode(syslogPacket(line, options));
    const send = (path: string) =>
      wait(
        connection.send(packet, { transport: "unixpacket", path }),
        SEND_TIMEOUT_MS,
        () => {
          throw new Error("the syslog daemon does not take the line");
        },
      );
    if (options.socket.startsWith("/dev/")) {
      await send(syslogLink(directory)).catch(() => send(options.socket));
    } else await send(options.socket);
  } finally {
    connection.close();
    remove(from);
  }
}

/** The datagram, such as `<38>Nov  2 09:05:00 oauth-pam[4711]: …`. Exported for tests. */
export function syslogPacket(
  line: string,
  options: { severity: Severity; now: number },
): string {
  const priority = FACILITY_AUTH * 8 + SEVERITIES[options.severity];
  const date = new Date(options.now);
  const two = (value: number) => String(value).padStart(2, "0");
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two)
    .join(":");
  const day = String(date.getDate()).padStart(2, " ");
  return `<${priority}>${
    MONTHS[date.getMonth()]
  } ${day} ${time} oauth-pam[${Deno.pid}]: ${line}`;
}

/**
 * The permission to bind is for one path, so all logins share it: each removes what another left
 * or is just using, which a datagram socket that only sends does not notice.
 */
function bind(path: string): Deno.DatagramConn {
  for (let attempt = 1;; attempt++) {
    try {
      return Deno.listenDatagram({ transport: "unixpacket", path });
    } catch (error) {
      if (
        !(error instanceof Deno.errors.AddrInUse) || attempt === BIND_ATTEMPTS
      ) throw error;
      remove(path);
    }
  }
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // not there, or not ours to remove
  }
}
