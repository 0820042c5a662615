/**
 * The awaits whose failure may end in a login all the same, by source text, each with the
 * reason why nobody gets in who should not. Everything else must refuse.
 *
 * @module
 */
import { type Await, nameOf } from "./instrument.ts";

export type Fault = "throw" | "reject" | "never" | "undefined";

interface Harmless {
  readonly why: string;
  /** What is lost: time, a line of the log, or nothing. */
  readonly costs: "speed" | "log" | "nothing";
  readonly faults: readonly Fault[];
  /** `FILE FUNCTION: TEXT`, the text as far as it is needed. */
  readonly awaits: readonly string[];
}

const FAILING: readonly Fault[] = ["throw", "reject", "undefined"];
const ALL: readonly Fault[] = [...FAILING, "never"];

const STATE = "src/files/state_directory.ts";
const PRIVATE = "src/files/private_directory.ts";
const JWKS = "src/issuer/jwks_cache.ts";
const FAILURES = "src/issuer/failures.ts";

export const HARMLESS: readonly Harmless[] = [
  {
    why:
      "keys that cannot be kept have been fetched: the next login fetches again",
    costs: "speed",
    faults: FAILING,
    awaits: [
      `${STATE} write: `,
      `${STATE} createFolders: ensurePrivateDirectory(`,
      `${PRIVATE} ensurePrivateDirectory: `,
    ],
  },
  {
    why:
      "whoever does not know of an earlier failure asks for itself; what is not removed after an answer goes by itself",
    costs: "speed",
    faults: ["undefined"],
    awaits: [
      `${FAILURES} askedUnlessFailing: cache.read(`,
      `${FAILURES} askedUnlessFailing: cache.remove(`,
    ],
  },
  {
    why: "the lock saves work and protects nothing; a wait for it ends",
    costs: "speed",
    faults: ALL,
    awaits: [
      `${STATE} lock: `,
      `${STATE} create: createFolders(`,
      `${STATE} create: writeNew(path, bytes)`,
      `${STATE} writeNew: `,
    ],
  },
  {
    why:
      "forgetting the tokens that have expired can wait for the next login: what is not written down is not removed",
    costs: "speed",
    faults: FAILING,
    awaits: ["src/pam/replay.ts forgetExpired: spent.write("],
  },
  {
    why:
      "a second line for one login, or none, does not decide who gets in; what cannot be told is news",
    costs: "log",
    faults: ALL,
    awaits: [
      "src/pam/ssh_keys.ts record: ",
      "src/pam/ssh_keys.ts isNews: ",
      "src/ssh/public_key.ts fingerprintOf: ",
      "src/files/recent_lines.ts remember: ",
    ],
  },
  {
    why: "skipped, the line of the log is written too late or not at all",
    costs: "log",
    faults: ["undefined"],
    awaits: [
      "src/pam/ssh_keys.ts sshKeys: isNews(",
      "src/pam/ssh_keys.ts sshKeys: record(",
    ],
  },
  {
    why: "where the runtime has no SHA-3, a library has it",
    costs: "speed",
    faults: FAILING,
    awaits: [
      "src/token/sha3.ts native: crypto.subtle.digest(",
    ],
  },
  {
    why: "the same, where it gives nothing",
    costs: "speed",
    faults: ["undefined"],
    awaits: ['src/token/sha3.ts sha3: native("SHA3-256", bytes)'],
  },
  {
    why: "a log that cannot be written does not decide who gets in",
    costs: "log",
    faults: ALL,
    awaits: [
      "src/pam/attempt.ts recordAttempt: ",
      "src/pam/log/audit.ts loggedHash: ",
      "src/pam/log/audit.ts writeRecord: ",
      "src/pam/log/audit.ts appendAudit: ",
      "src/pam/log/syslog.ts sendToSyslog: ",
      "src/lib/deadline.ts withinUnlessSoon: ",
    ],
  },
  {
    why:
      "how an earlier attempt of the conversation ended is asked after a refusal only",
    costs: "nothing",
    faults: ["undefined"],
    awaits: [
      "src/pam/attempt.ts beginAttempt: forgetOutcome(",
      "src/pam/outcome.ts forgetOutcome: ",
      "src/pam/host/conversation.ts forget: ",
      "src/pam/host/conversation.ts hashOf: ",
    ],
  },
  {
    why:
      "who is not remembered as having signed in lately waits with the others in a crowd",
    costs: "nothing",
    faults: FAILING,
    awaits: [
      "src/pam/device/limit.ts rememberSignIn: ",
      "src/pam/device/limit.ts personOf: ",
      "src/pam/device/limit.ts digits: ",
      `${STATE} sweep: `,
    ],
  },
  {
    why: "it is the issuer that judges the client's secret",
    costs: "nothing",
    faults: ["undefined"],
    awaits: ["src/pam/judgement.ts askIssuer: loadClientSecret("],
  },
  {
    why: "nobody looks at what it resolves to: skipped, it costs what it does",
    costs: "nothing",
    faults: ["undefined"],
    awaits: [
      `${STATE} withLock: within<unknown>(locking`,
      `${JWKS} fetchKeys: source.cache.write(name, entry)`,
      `${JWKS} refetchedKeys: source.cache.write(stamp`,
      "src/pam/device/finish.ts finish: rememberSignIn(",
      "src/pam/replay.ts spendToken: forgetExpired(",
      "src/pam/replay.ts forgetExpired: spent.remove(",
    ],
  },
  {
    why: "skipped, the log line is written too late or not at all",
    costs: "log",
    faults: ["undefined"],
    awaits: [
      "src/pam/attempt.ts runAttempt: concludeAttempt(",
      "src/pam/attempt.ts concludeAttempt: within<unknown>(written",
    ],
  },
  {
    why:
      "an absent entry, time stamp or name of one is a cache miss; entries name their issuer",
    costs: "speed",
    faults: ["undefined"],
    awaits: [
      `${JWKS} readEntry: source.cache.read(name)`,
      `${JWKS} readStamp: source.cache.read(name)`,
      `${JWKS} refetchedKeys: readStamp(`,
      `${JWKS} signingKeys: entryName(`,
      `${JWKS} refetchedKeys: entryName(`,
      `${JWKS} entryName: sha256Hex(issuer)`,
    ],
  },
  {
    why:
      "without a word on the way, no failure is believed: the issuer is asked",
    costs: "nothing",
    faults: ["undefined"],
    awaits: [
      `${JWKS} unlessFailing: route?.()`,
      `${JWKS} unlessFailing: sha256Hex(`,
    ],
  },
  {
    why:
      "the policy's hash is for the log; without one no embedded policy is used",
    costs: "log",
    faults: ["undefined"],
    awaits: ["src/pam/host/policy_file.ts loadPolicy: sha256Hex(bytes)"],
  },
  {
    why: "a policy that was not parsed before is parsed then",
    costs: "speed",
    faults: ["undefined"],
    awaits: ["src/pam/host/policy_file.ts loadPolicy: embeddedPolicy("],
  },
];

/** Functions whose failure may end in a login with a one-time token: those that only forget. */
export const HARMLESS_WITH_ONE_TIME: readonly string[] = [
  `${STATE} write: `,
  "src/pam/replay.ts forgetExpired: spent.write(",
];

/** The entry that allows for the fault, if there is one. */
export function harmless(place: Await, fault: Fault): Harmless | undefined {
  return HARMLESS.find(({ faults, awaits }) =>
    faults.includes(fault) &&
    awaits.some((listed) => nameOf(place).startsWith(listed))
  );
}
