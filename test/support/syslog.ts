/**
 * Places for log lines to arrive: a datagram socket in this process,
 * and a real rsyslogd with a socket and a file of its own.
 *
 * Debian package for the latter: rsyslog.
 *
 * @module
 */
import { until } from "./pam.ts";

export interface LogSink extends AsyncDisposable {
  /** The path to send to, in place of /dev/log. */
  readonly socket: string;
  /** All lines sent before the call, and maybe later ones, oldest first, without a line end. */
  lines(): Promise<readonly string[]>;
  /** The first line, old or new, that `predicate` likes; throws after `timeoutMs`. */
  next(
    predicate: (line: string) => boolean,
    options?: { timeoutMs?: number },
  ): Promise<string>;
}

function nextIn(
  lines: () => Promise<readonly string[]>,
): LogSink["next"] {
  return async (predicate, { timeoutMs = 10_000 } = {}) => {
    try {
      return await until(async () => (await lines()).find(predicate), {
        what: "a log line",
        timeoutMs,
      });
    } catch {
      const seen = (await lines()).join("\n");
      throw new Error(`no such log line within ${timeoutMs} ms, but:\n${seen}`);
    }
  };
}

/** A line of the sink's own begins with this, where its text begins. */
const MARK = "sink-mark: ";

/**
 * `LogSink.lines()` of what reads from a socket and has read `soFar`. Asking sends a line of its own
 * and waits until that is read: the queue of a socket keeps its order, so whatever was sent before,
 * even by processes that are gone, is read then.
 */
function linesUpToMark(
  socket: string,
  soFar: () => Promise<readonly string[]>,
): LogSink["lines"] {
  let asked = 0;
  return async () => {
    const number = asked++;
    const mark = `${MARK}${number}`;
    await sendOnce(`<38>${mark}`, { socket, from: `${socket}-${number}` });
    const all = await until(async () => {
      const lines = await soFar();
      return lines.some((line) => line.endsWith(mark)) && lines;
    }, { what: "the reader of a log socket" });
    return all.filter((line) => !line.includes(MARK));
  };
}

/** Waits for room in the queue. */
async function sendOnce(
  text: string,
  { socket, from }: { socket: string; from: string },
): Promise<void> {
  const sender = Deno.listenDatagram({ transport: "unixpacket", path: from });
  try {
    const packet = new TextEncoder().encode(text);
    await sender.send(packet, { transport: "unixpacket", path: socket });
  } finally {
    sender.close();
    await Deno.remove(from);
  }
}

/** A datagram socket as syslog daemons have it; a line a datagram. */
export async function listenSyslog(): Promise<LogSink> {
  const directory = await Deno.makeTempDir({ prefix: "oauth-pam-log-" });
  const socket = `${directory}/log`;
  const listener = Deno.listenDatagram({
    transport: "unixpacket",
    path: socket,
  });
  const received: string[] = [];
  const decoder = new TextDecoder();
  const pump = (async () => {
    for await (const [bytes] of listener) received.push(decoder.decode(bytes));
  })();
  const lines = linesUpToMark(socket, () => Promise.resolve(received));
  return {
    socket,
    lines,
    next: nextIn(lines),
    async [Symbol.asyncDispose]() {
      listener.close();
      await pump;
      await Deno.remove(directory, { recursive: true });
    },
  };
}

/**
 * A real rsyslogd that writes `facility.severity tag: message` lines, control
 * characters escaped as it does by default.
 */
export async function startRsyslogd(): Promise<LogSink> {
  const directory = await Deno.makeTempDir({ prefix: "oauth-pam-rsyslog-" });
  const socket = `${directory}/log`;
  const file = `${directory}/messages`;
  const format = "%syslogfacility-text%.%syslogseverity-text% " +
    "%syslogtag%%msg%\\n";
  await Deno.writeTextFile(
    `${directory}/rsyslog.conf`,
    `global(workDirectory="${directory}")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="${socket}")
template(name="line" type="string" string="${format}")
action(type="omfile" file="${file}" template="line")
`,
  );
  const daemon = new Deno.Command("rsyslogd", {
    args: ["-n", "-f", `${directory}/rsyslog.conf`, "-i", `${directory}/pid`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const lines = linesUpToMark(socket, async () => {
    const text = await Deno.readTextFile(file).catch(() => "");
    return text.split("\n").slice(0, -1); // a last piece without its line end is not whole yet
  });
  const dispose = async () => {
    daemon.kill("SIGTERM");
    await daemon.status;
    await Deno.remove(directory, { recursive: true });
  };
  try {
    await until(() => Deno.stat(socket).then((s) => s.isSocket, () => false), {
      what: "rsyslogd's socket",
    });
  } catch (error) {
    await dispose();
    throw error;
  }
  return { socket, lines, next: nextIn(lines), [Symbol.asyncDispose]: dispose };
}
