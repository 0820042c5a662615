/**
 * A name server on a loopback UDP port that knows TXT records and nothing else.
 *
 * @module
 */

export interface NameServer extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  /** The TXT records of names without a dot at the end, each in one or more pieces. */
  readonly records: Map<string, string[][]>;
  /** The names that were asked for, in order. */
  readonly questions: string[];
}

const HEADER = 12;
const NAME_ERROR = 3;

export function startNameServer(): NameServer {
  const socket = Deno.listenDatagram({
    transport: "udp",
    hostname: "127.0.0.1",
    port: 0,
  });
  const self = {
    address: `127.0.0.1:${(socket.addr as Deno.NetAddr).port}`,
    records: new Map<string, string[][]>(),
    questions: [] as string[],
  };
  let open = true;
  const answering = (async () => {
    for await (const [query, peer] of socket) {
      await socket.send(answerTo(query, self), peer).catch(() => {});
    }
  })();
  return Object.assign(self, {
    async [Symbol.asyncDispose]() {
      if (open) socket.close();
      open = false;
      await answering;
    },
  });
}

function answerTo(
  query: Uint8Array,
  { records, questions }: Omit<NameServer, keyof AsyncDisposable>,
): Uint8Array {
  const labels: string[] = [];
  let offset = HEADER;
  while (query[offset] !== 0) {
    const length = query[offset] ?? 0;
    const label = query.subarray(offset + 1, offset + 1 + length);
    labels.push(new TextDecoder().decode(label));
    offset += 1 + length;
  }
  const name = labels.join(".").toLowerCase();
  questions.push(name);
  const texts = records.get(name) ?? [];
  const code = records.has(name) ? 0 : NAME_ERROR;
  const answers = texts.flatMap((pieces) => {
    const data = pieces.flatMap((piece) => {
      const bytes = [...new TextEncoder().encode(piece)];
      return [bytes.length, ...bytes];
    });
    // a pointer to the question's name, TXT, IN, 60 seconds
    const fixed = [0xc0, HEADER, 0, 16, 0, 1, 0, 0, 0, 60];
    return [...fixed, data.length >> 8, data.length & 255, ...data];
  });
  const question = [...query.subarray(HEADER, offset + 5)];
  return Uint8Array.from([
    ...[query[0] ?? 0, query[1] ?? 0, 0x84, 0x80 | code],
    ...[0, 1, 0, texts.length, 0, 0, 0, 0],
    ...question,
    ...answers,
  ]);
}
