/**
 * The line that sshd reads from its AuthorizedKeysCommand (sshd(8), AUTHORIZED_KEYS FILE FORMAT).
 *
 * No text of a client's is in it: the key is written from the bytes that were parsed, all the rest
 * are words of this file and networks of the policy.
 *
 * @module
 */
import { encodeBase64 } from "../lib/base64url.ts";
import { WireReader } from "./wire.ts";

/** The principal of certificates that are for whomever the policy says. */
export const WILDCARD_PRINCIPAL = "opkssh-wildcard";

/** Whether a certificate's principals are {@link WILDCARD_PRINCIPAL} alone. */
export function isWildcard(principals: readonly string[]): boolean {
  return principals.length === 1 && principals[0] === WILDCARD_PRINCIPAL;
}

/** Words of policies, as sshd calls them. */
const OPTIONS = {
  pty: "pty",
  port_forwarding: "port-forwarding",
  agent_forwarding: "agent-forwarding",
  x11: "X11-forwarding",
  user_rc: "user-rc",
} as const;

interface AuthorizedKey {
  /** The plain public key in its wire form, which has certified itself. */
  readonly key: Uint8Array;
  /**
   * Whether the certificate is for {@link WILDCARD_PRINCIPAL} alone. For all others sshd demands the
   * account among the certificate's principals.
   */
  readonly wildcard: boolean;
  /** In CIDR notation; `null` for no restriction. */
  readonly networks: readonly string[] | null;
  /** All that the session may use; `null` for no restriction. */
  readonly permit: readonly (keyof typeof OPTIONS)[] | null;
}

const NETWORK = /^[0-9a-f:.]{2,45}\/[0-9]{1,3}$/;

/** One line without its newline. Throws for what is not a key or not a network. */
export function authorizedKeyLine(
  { key, wildcard, networks, permit }: AuthorizedKey,
): string {
  const type = new WireReader(key).text();
  if (!/^[a-z0-9-]+$/.test(type)) throw new Error("not a type of key");
  if (networks?.every((network) => NETWORK.test(network)) === false) {
    throw new Error("not a network");
  }
  if (networks?.length === 0) throw new Error("no network");
  const options = [
    "cert-authority",
    ...(wildcard ? [`principals="${WILDCARD_PRINCIPAL}"`] : []),
    ...(networks === null ? [] : [`from="${networks.join(",")}"`]),
    ...(permit === null
      ? []
      : ["restrict", ...permit.map((name) => OPTIONS[name])]),
  ];
  return `${options.join(",")} ${type} ${encodeBase64(key)}`;
}
