/**
 * What is said to an ssh-agent (draft-ietf-sshm-ssh-agent, OpenSSH's PROTOCOL.agent), over the Unix
 * socket that `SSH_AUTH_SOCK` names: which keys it has, take this one for so long, forget that one.
 *
 * @module
 */
import { within } from "../lib/deadline.ts";
import {
  joined,
  uint32,
  WireError,
  WireReader,
  wireString,
} from "../ssh/wire.ts";
import { ClientError } from "./errors.ts";

const FAILURE = 5;
const SUCCESS = 6;
const REQUEST_IDENTITIES = 11;
const IDENTITIES_ANSWER = 12;
const REMOVE_IDENTITY = 18;
const ADD_ID_CONSTRAINED = 25;
const CONSTRAIN_LIFETIME = 1;

/** OpenSSH's agent takes and sends no more (`AGENT_MAX_LEN`); others are given some room. */
const MAX_ANSWER = 1024 * 1024;

/** An agent may ask the person before it takes a key. */
const TIMEOUT_MS = 30_000;

/** A key that the agent has. */
export interface AgentIdentity {
  /** The public key or certificate, as on the wire. */
  readonly blob: Uint8Array;
  readonly comment: string;
}

/** An Ed25519 key with its certificate. */
interface CertifiedKey {
  /** `ssh-ed25519-cert-v01@openssh.com` and what follows, as on the wire. */
  readonly certificate: Uint8Array;
  /** 32 bytes each (RFC 8032). The caller wipes the seed. */
  readonly publicKey: Uint8Array;
  readonly seed: Uint8Array;
}

/** One agent. Every request is a connection of its own: minutes pass between two. */
export interface Agent {
  /** Throws {@link ClientError}. */
  identities(): Promise<AgentIdentity[]>;
  /** Has it keep the key for so many seconds. Throws {@link ClientError}. */
  add(
    key: CertifiedKey,
    options: { readonly comment: string; readonly lifetime: number },
  ): Promise<void>;
  /** Has it forget a key. Throws {@link ClientError}, also where it does not have it. */
  remove(blob: Uint8Array): Promise<void>;
}

/** The agent behind a socket. Connects only when it is asked for something. */
export function agentAt(
  path: string,
  { timeoutMs = TIMEOUT_MS }: { readonly timeoutMs?: number } = {},
): Agent {
  const ask = (request: Uint8Array) => exchange(request, { path, timeoutMs });
  return {
    async identities() {
      return readIdentities(await ask(Uint8Array.of(REQUEST_IDENTITIES)));
    },
    async add(key, options) {
      const request = additionOf(key, options);
      try {
        const [answer] = await ask(request);
        expectSuccess(answer, "does not take the certificate");
      } finally {
        request.fill(0);
      }
    },
    async remove(blob) {
      const request = joined([
        Uint8Array.of(REMOVE_IDENTITY),
        wireString(blob),
      ]);
      const [answer] = await ask(request);
      expectSuccess(answer, "does not remove a certificate");
    },
  };
}

/** In OpenSSH's order: certificate, public key, and the seed with the public key behind it. */
function additionOf(
  { certificate, publicKey, seed }: CertifiedKey,
  { comment, lifetime }: { comment: string; lifetime: number },
): Uint8Array {
  const secret = joined([seed, publicKey]);
  const secretString = wireString(secret);
  secret.fill(0);
  try {
    return joined([
      Uint8Array.of(ADD_ID_CONSTRAINED),
      wireString("ssh-ed25519-cert-v01@openssh.com"),
      wireString(certificate),
      wireString(publicKey),
      secretString,
      wireString(comment),
      Uint8Array.of(CONSTRAIN_LIFETIME),
      // an issuer may write what ends in a hundred years
      uint32(Math.min(lifetime, 0xffffffff)),
    ]);
  } finally {
    secretString.fill(0);
  }
}

function expectSuccess(answer: number | undefined, what: string): void {
  if (answer === SUCCESS) return;
  if (answer === FAILURE) throw new ClientError("refused", `ssh-agent ${what}`);
  throw nonsense();
}

function readIdentities(answer: Uint8Array): AgentIdentity[] {
  if (answer[0] === FAILURE) {
    throw new ClientError("refused", "ssh-agent does not list its keys");
  }
  if (answer[0] !== IDENTITIES_ANSWER) throw nonsense();
  try {
    const reader = new WireReader(answer.subarray(1));
    const identities: AgentIdentity[] = [];
    for (let left = reader.uint32(); left > 0; left--) {
      const blob = reader.string();
      // people's own words, in whatever encoding
      const comment = new TextDecoder().decode(reader.string());
      identities.push({ blob, comment });
    }
    reader.end("the list");
    return identities;
  } catch (error) {
    if (error instanceof WireError) throw nonsense();
    throw error;
  }
}

function nonsense(): ClientError {
  return new ClientError(
    "unanswered",
    "what answers at SSH_AUTH_SOCK is not an ssh-agent",
  );
}

/** Sends a message and reads the one that answers it, without the length before it. */
async function exchange(
  message: Uint8Array,
  { path, timeoutMs }: { path: string; timeoutMs: number },
): Promise<Uint8Array> {
  let connection: Deno.UnixConn;
  try {
    connection = await Deno.connect({ transport: "unix", path });
  } catch (error) {
    throw unreachable(path, error);
  }
  const answer = converse(connection, message);
  try {
    return await within(answer, timeoutMs, () => {
      throw new ClientError("unanswered", "ssh-agent does not answer");
    });
  } catch (error) {
    throw error instanceof ClientError ? error : unreachable(path, error);
  } finally {
    connection.close();
    answer.catch(() => {}); // what comes of closing it is nobody's concern
  }
}

async function converse(
  connection: Deno.Conn,
  message: Uint8Array,
): Promise<Uint8Array> {
  const packet = joined([uint32(message.length), message]);
  try {
    for (let sent = 0; sent < packet.length;) {
      sent += await connection.write(packet.subarray(sent));
    }
  } finally {
    packet.fill(0);
  }
  const length = new WireReader(await readExactly(connection, 4)).uint32();
  if (length < 1 || length > MAX_ANSWER) throw nonsense();
  return await readExactly(connection, length);
}

async function readExactly(
  connection: Deno.Conn,
  length: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let read = 0; read < length;) {
    const count = await connection.read(bytes.subarray(read));
    if (count === null) {
      throw new ClientError("unanswered", "ssh-agent has hung up");
    }
    read += count;
  }
  return bytes;
}

function unreachable(path: string, error: unknown): ClientError {
  const cause = error instanceof Error ? error.message : String(error);
  return new ClientError(
    "unanswered",
    `ssh-agent cannot be reached at ${JSON.stringify(path)}: ${cause}`,
  );
}
