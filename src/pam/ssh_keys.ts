/**
 * `oauth-pam ssh-keys POLICY USER KEY TYPE [CONNECTION]`: what sshd asks through AuthorizedKeysCommand
 * about a key that somebody shows. A certificate that carries an ID token is answered with one line, which
 * makes its key its own authority; everything else with nothing.
 *
 * sshd asks twice for one login, runs this as a user of its own, and verifies itself that whoever
 * connects has the key.
 *
 * @module
 */
import { isForgotten, remember } from "../files/recent_lines.ts";
import { sha256Hex, StateDirectory } from "../files/state_directory.ts";
import { within, withinUnlessSoon } from "../lib/deadline.ts";
import { admittedNetworks } from "../policy/evaluate/admitted_networks.ts";
import { permitsOf } from "../policy/evaluate/permit.ts";
import type { Permit } from "../policy/permits.ts";
import type { Decision } from "../policy/decision.ts";
import {
  type IssuerOf,
  keysAuditFile,
  type Policy,
  type SshCertificates,
} from "../policy/model.ts";
import { authorizedKeyLine, isWildcard } from "../ssh/authorized_key.ts";
import {
  ACCESS_EXTENSION,
  CERTIFICATE_TYPES,
  CertificateError,
  readCertificate,
  requireSelfSigned,
  type SelfSigned,
  type SshCertificate,
} from "../ssh/certificate.ts";
import { fingerprintOf } from "../ssh/public_key.ts";
import { TokenError } from "../token/errors.ts";
import type { Evidence } from "../token/evidence.ts";
import {
  beginPkToken,
  parsePkToken,
  type UnverifiedPkToken,
  verifyPkToken,
} from "../token/pk_token.ts";
import {
  type Attempt,
  type AttemptUnderPolicy,
  loadAttemptPolicy,
  type LoginResult,
  newAttempt,
  recordAttempt,
  resultOf,
  sayable,
} from "./attempt.ts";
import { readPamRequest, RequestError } from "./host/environment.ts";
import { issuerWhenNeeded, publishedKeys } from "./host/issuer_access.ts";
import { PolicyError } from "./host/policy_file.ts";
import type { PamIo } from "./io.ts";
import { decide, type Ruling } from "./judgement.ts";

/** The launcher ends the program after ten seconds. */
const TIMEOUTS = { issuerMs: 6_000, totalMs: 8_000 } as const;

/** Characters of a list of networks: more than policies need, and what people can still read. */
const MAX_NETWORKS = 64 * 1024;

/** What is learnt in the course of it. */
interface Offer extends Attempt {
  /** What the log calls the certificate: both are made while others wait for the disk. */
  certificate: {
    /** In hex. */
    readonly hash: Promise<string>;
    /** Of its key. */
    readonly fingerprint: Promise<string>;
  } | null;
}

/**
 * What sshd is to be told of a key; `null` where the key is not one to be judged here. Writes one log
 * line for both times that sshd asks. Never throws; whatever waits for others ends within the timeouts.
 */
export async function sshKeys(
  args: readonly string[],
  io: PamIo,
): Promise<LoginResult | null> {
  const offer: Offer = { ...newAttempt(), certificate: null };
  const env = environmentOf(args, io);
  const asked = { ...io, env, within: withinUnlessSoon };
  const answered = await answer(args, offer, asked).catch(resultOf);
  if (answered === null) return null;
  const found = sayable(answered, io);
  if (await isNews(offer, { result: found, io })) {
    // it ends: the syslog daemon alone is waited for
    await record(offer, found, asked).catch(() => {});
  }
  return found;
}

const FROM_LAUNCHER = ["OAUTH_PAM_ACCOUNT", "OAUTH_PAM_CONVERSATION"];

/** What sshd says, as PAM would say it. */
function environmentOf(
  [_path, user, _key, _type, connection]: readonly string[],
  io: PamIo,
): PamIo["env"] {
  const said: Readonly<Record<string, string | undefined>> = {
    PAM_TYPE: "auth",
    PAM_SERVICE: "sshd",
    PAM_USER: user,
    PAM_RHOST: connection?.split(" ")[0],
  };
  return (name) =>
    Object.hasOwn(said, name)
      ? said[name]
      : FROM_LAUNCHER.includes(name)
      ? io.env(name)
      : undefined;
}

async function answer(
  args: readonly string[],
  offer: Offer,
  io: PamIo,
): Promise<LoginResult | null> {
  const { path, key, type, connection } = questionOf(args);
  if (!CERTIFICATE_TYPES.some((known) => known === type)) return null;
  const certificate = await strictly(() => readCertificate(key, type));
  if (certificate.pkToken === null) return null;
  const now = Math.floor(io.now() / 1000);
  // begun here and waited for below: another thread does it while the policy is read
  const signing = strictly(() => requireSelfSigned(certificate, { now }));
  const token = begin(certificate.pkToken, certificate);
  offer.certificate = {
    hash: sha256Hex(certificate.blob),
    fingerprint: fingerprintOf(certificate.key.blob),
  };
  // where they are not waited for, nobody asks what they throw
  for (const begun of [signing, token, ...Object.values(offer.certificate)]) {
    begun.catch(() => {});
  }
  const request = readPamRequest(io.env);
  const known = inOwnDirectory(
    await loadAttemptPolicy(offer, { request, path, io }),
  );
  const signed = await signing;
  const context = { token: await token, offer: known, now, io };
  const { issuer, evidence } = await proved(signed, context);
  const ruling = await decide(evidence, known, { issuer, now });
  const admitted = connection === null
    ? admittedFrom(ruling, known.policy)
    : admittedNow(ruling, known.policy);
  if (admitted === null) return refusalOf(ruling);
  const { rule, ...restrictions } = admitted;
  const line = authorizedKeyLine({
    key: signed.key.blob,
    wildcard: isWildcard(signed.principals),
    ...restrictions,
  });
  return { reason: "allowed", rule, detail: null, line };
}

/** Takes a token apart, and begins with what needs no issuer. Throws `TokenError`. */
// deno-lint-ignore require-await -- what it throws is a rejection
async function begin(
  pkToken: string,
  { key }: SshCertificate,
): Promise<UnverifiedPkToken> {
  const token = parsePkToken(pkToken);
  beginPkToken(token, key.jwk);
  return token;
}

/** Throws {@link RequestError}. */
function questionOf(args: readonly string[]): {
  readonly path: string;
  readonly key: string;
  readonly type: string;
  /** `null` where sshd does not tell it. */
  readonly connection: string | null;
} {
  const [path, user, key, type, connection, ...rest] = args;
  if (
    path === undefined || user === undefined || key === undefined ||
    type === undefined || rest.length > 0
  ) {
    throw new RequestError(
      'usage: "oauth-pam ssh-keys POLICY USER KEY TYPE [CONNECTION]"',
    );
  }
  if (connection !== undefined && !CONNECTION.test(connection)) {
    throw new RequestError(
      "CONNECTION is not two addresses with their ports: does this sshd know %C?",
    );
  }
  return { path, key, type, connection: connection ?? null };
}

/** As sshd_config(5) has it for %C. */
const CONNECTION =
  /^[0-9A-Fa-f:.]{2,45} [0-9]{1,5} [0-9A-Fa-f:.]{2,45} [0-9]{1,5}$/;

/** A certificate that is not in order is a refusal with a name of its own. */
async function strictly<Result>(
  read: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    throw new TokenError("certificate_malformed", error.message);
  }
}

/** The same under a policy that keeps everything where this user may write: keys, and the audit file. */
function inOwnDirectory(offer: AttemptUnderPolicy): AttemptUnderPolicy {
  const { cache } = offer.policy;
  const file = keysAuditFile(offer.policy);
  const policy: Policy = {
    ...offer.policy,
    cache: { ...cache, directory: cache.ssh_keys_directory },
    audit: file === null ? null : { file },
  };
  return Object.assign(offer, { policy });
}

interface Proved {
  readonly issuer: IssuerOf<"jwt">;
  readonly evidence: Evidence;
}

/** Whose certificate it is. Throws `TokenError`, `IssuerError` or `PolicyError`. */
async function proved(
  { key: { jwk: key }, ...certificate }: SelfSigned,
  { token, offer, now, io }: {
    token: UnverifiedPkToken;
    offer: AttemptUnderPolicy;
    now: number;
    io: PamIo;
  },
): Promise<Proved> {
  const { policy } = offer;
  const end = performance.now() + TIMEOUTS.totalMs;
  const issuer = issuerOf(token.iss, policy);
  offer.issuer = issuer.name;
  const access = issuerWhenNeeded(issuer, TIMEOUTS.issuerMs);
  try {
    const keys = publishedKeys(issuer, access, {
      cacheDirectory: policy.cache.directory,
      now: io.now,
      wait: (work) => inTime(work, end),
    });
    const verified = await verifyPkToken(token, { key, issuer, keys, now });
    const warnings = [...verified.warnings, ...warningsOf(certificate)];
    const evidence = { ...verified, warnings };
    offer.evidence = evidence;
    return { issuer, evidence };
  } finally {
    access.transport.close();
  }
}

/**
 * What may wait for others ends before the launcher would end it. All the rest takes milliseconds, and
 * a timer for it would be felt.
 */
async function inTime<Result>(
  work: () => Promise<Result>,
  end: number,
): Promise<Result> {
  const left = Math.max(0, Math.ceil(end - performance.now()));
  return await within(work(), left, () => {
    throw new Error(`gave up after ${TIMEOUTS.totalMs} ms`);
  });
}

function warningsOf(
  { principals, extensions }: Pick<SelfSigned, "principals" | "extensions">,
): string[] {
  return [
    // OpenSSH 10.3 and later take them for nobody's
    principals.length === 0 ? "certificate without principals" : "",
    // every server that is connected to gets it, and local users there can see it
    extensions.some(({ name }) => name === ACCESS_EXTENSION)
      ? "the certificate gives an access token away"
      : "",
  ].filter((warning) => warning !== "");
}

/** The issuer of the policy that takes certificates with such tokens. Throws `TokenError`. */
function issuerOf(
  iss: string,
  { issuers }: Policy,
): IssuerOf<"jwt"> & { readonly ssh_certificates: SshCertificates } {
  // byte for byte, as everywhere
  const issuer = issuers.find((candidate) => candidate.issuer === iss);
  if (issuer?.kind !== "jwt" || issuer.ssh_certificates === null) {
    const shown = JSON.stringify(iss.slice(0, 120));
    throw new TokenError(
      "issuer_unknown",
      issuer === undefined
        ? `the issuer ${shown} is not in the policy`
        : `the issuer ${shown} has no "ssh_certificates" in the policy`,
    );
  }
  return { ...issuer, ssh_certificates: issuer.ssh_certificates };
}

interface Admitted {
  readonly rule: string | null;
  readonly networks: readonly string[] | null;
  readonly permit: readonly Permit[] | null;
}

/** Why nobody is admitted. Throws where somebody is. */
function refusalOf({ result, from }: Ruling): LoginResult {
  if (result.reason !== "allowed") return result;
  // where no address is known the networks of deny rules do not match, which may be all that there are
  const { decision, reason, rule, detail = null } = from("0.0.0.0");
  if (decision === "allow") throw new Error("a yes to nobody");
  return { reason, rule, detail };
}

/** What the decision about the connection's own address opens; `null` for nothing. */
function admittedNow({ decision }: Ruling, policy: Policy): Admitted | null {
  if (decision.decision !== "allow") return null;
  const { rule } = decision;
  return { rule, networks: null, permit: permitsOf(policy, decision) };
}

/**
 * What the decisions about all addresses open, for sshd to compare the address with; `null` for nothing.
 * Where different networks permit different things, what they all permit. Throws `PolicyError` for more
 * networks than fit.
 */
function admittedFrom(ruling: Ruling, policy: Policy): Admitted | null {
  const yes: Decision[] = [];
  const rules = rulesSomewhere(ruling, policy);
  const networks = admittedNetworks(
    rules.map(({ rhosts }) => rhosts ?? []),
    (rhost) => {
      const decision = ruling.from(rhost, rules);
      if (decision.decision !== "allow") return false;
      yes.push(decision);
      return true;
    },
  );
  const [first] = yes;
  if (first === undefined || networks.length === 0) return null;
  if (networks !== "everywhere" && networks.join().length > MAX_NETWORKS) {
    throw new PolicyError(TOO_MANY_NETWORKS);
  }
  return {
    rule: first.rule,
    networks: networks === "everywhere" ? null : networks,
    permit: yes.map((decision) => permitsOf(policy, decision))
      .reduce((all, some) =>
        all === null || some === null
          ? all ?? some
          : all.filter((permit) => some.includes(permit))
      ),
  };
}

/**
 * The rules that match from somewhere. The others have no say wherever somebody comes from, and asking
 * each of them about the networks of each takes longer than sshd waits.
 */
function rulesSomewhere({ from }: Ruling, { rules }: Policy): Policy["rules"] {
  const outcomes = from(null, rules.map((rule) => ({ ...rule, rhosts: null })));
  const ids = new Set(
    outcomes.rules.filter(({ matched }) => matched).map(({ id }) => id),
  );
  return rules.filter(({ id }) => ids.has(id));
}

const TOO_MANY_NETWORKS =
  "the networks of the rules are too many for one line: use %C, which newer versions of sshd know";

// The log: one line for a certificate that is shown, although sshd asks twice.

async function record(
  offer: Offer,
  result: LoginResult,
  io: PamIo,
): Promise<void> {
  const { certificate } = offer;
  const key = certificate && await certificate.fingerprint;
  await recordAttempt(offer, result, io, {
    method: "certificate",
    ...(key === null ? {} : { key }),
    phase: "offered",
  });
}

/**
 * False for the second time that the same sshd process asks about the same certificate and gets the
 * same answer. Where that cannot be told, it is news.
 */
async function isNews(
  { certificate, request, policy }: Offer,
  { result, io }: { result: LoginResult; io: PamIo },
): Promise<boolean> {
  const conversation = request?.conversation ?? null;
  if (certificate === null || conversation === null || policy === null) {
    return true;
  }
  const { directory: root } = policy.cache;
  const folder = "recent";
  const now = io.now();
  try {
    const asked = [
      conversation,
      await certificate.hash,
      request?.user,
      request?.rhost,
      result.reason,
      result.rule,
    ];
    const line = JSON.stringify(asked);
    const { known, first } = await remember(line, { root, folder, now });
    if (known) return false;
    if (first) {
      const expired = (name: string) => isForgotten(name, now);
      await new StateDirectory(root, folder).sweep({ now, expired });
    }
  } catch {
    // then it cannot be told
  }
  return true;
}
