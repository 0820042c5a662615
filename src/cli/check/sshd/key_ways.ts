/**
 * `check`: the settings of sshd by which somebody gets in with a certificate that carries a token.
 *
 * @module
 */
import { EXAMPLES } from "../../documents.ts";
import { listOf } from "../../../lib/text.ts";
import { type Policy, takesCertificates } from "../../../policy/model.ts";
import { type CheckContext, deviceIssuersAfterKey } from "../finding.ts";
import { decides, type OwnLine } from "../pam/own.ts";
import { mendLine } from "../mend.ts";
import type { SshdSetting } from "./config.ts";
import { effective, type SshdFindings } from "./findings.ts";
import type { Sshd } from "./keys_command.ts";

/** What is looked at together. */
interface KeyWays extends Sshd {
  /** The lines of ours in the service's stack. */
  readonly own: readonly OwnLine[];
}

export function keyWayFindings(
  found: SshdFindings,
  ways: KeyWays,
  { policy, policyPath }: CheckContext,
): void {
  pairing(found, ways, { policy, policyPath });
  if (ways.commands.own.length > 0) {
    for (const match of scopes(ways)) certificateWay(found, ways, match);
  }
  if (policy !== null) afterKey(found, ways, policy);
}

/**
 * Whether these people get in by certificates of ours alone, so that sshd asks nothing of PAM's auth lines.
 * `match`: the criteria of their Match block.
 */
export function certificatesAlone(
  { config, commands }: Sshd,
  match: string | null,
): boolean {
  if (commands.ownFor(match) === undefined) return false;
  const off = (keyword: string) =>
    effective(config, keyword, match)?.value.toLowerCase() === "no";
  const methods = effective(config, "authenticationmethods", match);
  if (methods === undefined || methods.value.toLowerCase() === "any") {
    return off("kbdinteractiveauthentication") && off("passwordauthentication");
  }
  return listsOf(methods).every((list) =>
    !list.includes("keyboard-interactive") && !list.includes("password")
  );
}

/** Each list of AuthenticationMethods, in lower case, without the devices of keyboard-interactive. */
export function listsOf({ value }: SshdSetting): string[][] {
  return value.toLowerCase().split(/\s+/).map((list) =>
    list.split(",").map((method) => method.replace(/:.*/, ""))
  );
}

/** The command and the policy: one is not of use without the other. */
function pairing(
  found: SshdFindings,
  { config, commands }: KeyWays,
  { policy, policyPath }: Pick<CheckContext, "policy" | "policyPath">,
): void {
  if (policy === null) return;
  const takes = takesCertificates(policy);
  const [first] = commands.own;
  if (takes && first === undefined) {
    const [other] = commands.all;
    const place = other ?? { file: config.path, line: 0, match: null };
    const unread = config.settings.find((each) =>
      each.keyword === "authorizedkeyscommand" && each.match === null &&
      each !== config.first(each.keyword) && each.value.includes("oauth-pam")
    );
    found.add(place, {
      id: "no-keys-command",
      level: "warning",
      message:
        'an issuer of the policy has "ssh_certificates", but sshd asks nobody about them: ' +
        (other === undefined
          ? "it has no AuthorizedKeysCommand"
          : `AuthorizedKeysCommand is "${other.value}"`),
      hint: unread !== undefined
        ? `sshd takes the first value: line ${unread.line} of ${unread.file} is never read`
        : other === undefined
        ? `see ${EXAMPLES}sshd_config-certificates`
        : `see ${EXAMPLES}sshd_config-certificates, and --chain in the launcher for this command`,
    });
  }
  if (!takes && first?.policy === policyPath) {
    found.add(first.setting, {
      id: "no-ssh-certificates",
      level: "warning",
      message:
        'sshd asks about certificates, but no issuer of the policy has "ssh_certificates": each is refused',
      hint: `write "ssh_certificates: {}" into an issuer of ${policyPath}`,
    });
  }
}

/** Where a command of ours is in force: for everybody, or for those of a Match block. */
function scopes({ commands }: KeyWays): (string | null)[] {
  const own = commands.own.map(({ setting }) => setting.match);
  return [...new Set(own)];
}

/** What has to let in certificates, and the types of theirs. */
const TYPES = ["ssh-ed25519", "ecdsa-sha2-nistp256"];
const CERTIFICATE = "-cert-v01@openssh.com";

function certificateWay(
  found: SshdFindings,
  { config }: KeyWays,
  scope: string | null,
): void {
  // those of other Match blocks, who may be meant to be without it
  const others = (keyword: string) =>
    scope === null ? config.matched(keyword) : [];
  const settings = (keyword: string) =>
    [effective(config, keyword, scope) ?? [], others(keyword)].flat();
  const level = ({ match }: SshdSetting) =>
    match === scope || match === null ? "error" : "warning";
  for (const setting of settings("pubkeyauthentication")) {
    if (setting.value.toLowerCase() !== "no") continue;
    found.add(setting, {
      id: "pubkey-authentication",
      level: level(setting),
      message:
        `PubkeyAuthentication is "${setting.value}": nobody gets in with a certificate`,
      hint: "PubkeyAuthentication yes",
      ...(setting.line === 0
        ? {}
        : mendLine(setting, { replace: "PubkeyAuthentication yes" })),
    });
  }
  for (
    const [name, types] of [
      ["PubkeyAcceptedAlgorithms", TYPES.map((type) => type + CERTIFICATE)],
      // a certificate's key is its own authority
      ["CASignatureAlgorithms", TYPES],
    ] as const
  ) {
    for (const setting of settings(name.toLowerCase())) {
      const missing = types.filter((type) => !accepts(setting.value, type));
      if (missing.length === 0) continue;
      const all = missing.length === types.length;
      found.add(setting, {
        id: "key-types",
        level: all ? level(setting) : "warning",
        message: `${name} is without ${listOf(missing)}: ${
          all
            ? "nobody gets in with a certificate"
            : "certificates with such keys are refused"
        }`,
        hint: `${name} +${missing.join(",")}`,
      });
    }
  }
  const methods = effective(config, "authenticationmethods", scope);
  const taken = effective(config, "pubkeyauthentication", scope);
  if (taken?.value.toLowerCase() === "yes") {
    found.ok(
      "pubkey-authentication",
      `PubkeyAuthentication ${taken.value}, by which certificates come`,
      { ...taken, match: scope },
    );
  }
  if (methods === undefined) return;
  const lists = listsOf(methods);
  const takes = lists.some((list) =>
    list.includes("publickey") || list.includes("any")
  );
  if (takes) return;
  found.add(methods, {
    id: "certificate-methods",
    level: "error",
    message:
      `AuthenticationMethods is "${methods.value}": sshd takes no certificate`,
    hint: "AuthenticationMethods publickey, or publickey,keyboard-interactive",
  });
}

/**
 * Whether the list, as sshd_config(5) has it for algorithms, takes one that is among sshd's defaults. A
 * list that cannot be read takes none.
 */
function accepts(list: string, name: string): boolean {
  const [, sign = "", patterns = ""] = /^([-+^]?)(.*)$/.exec(list) ?? [];
  if (sign === "+" || sign === "^") return true;
  let positive = false;
  for (const pattern of patterns.split(",")) {
    const negated = pattern.startsWith("!");
    if (!matches(negated ? pattern.slice(1) : pattern, name)) continue;
    if (negated) return sign === "-";
    positive = true;
  }
  return positive !== (sign === "-");
}

/** ssh_config(5), "PATTERNS". */
function matches(pattern: string, name: string): boolean {
  const source = pattern.trim().replace(/[.+^${}()|\\[\]]/g, "\\$&")
    .replaceAll("*", ".*").replaceAll("?", ".");
  return new RegExp(`^${source}$`).test(name);
}

/**
 * `after: publickey` and the ways in: a code is shown only to those whose key sshd has taken before, which
 * it says where it asks PAM after it.
 */
function afterKey(
  found: SshdFindings,
  { config, own }: KeyWays,
  policy: Policy,
): void {
  const auth = own.filter(({ type }) => type === "auth");
  const starts = auth.filter(({ verb }) => verb === "device start");
  const names = deviceIssuersAfterKey(policy);
  if (names.length === 0) return;
  const meant = starts.filter(({ issuer }) =>
    issuer === null || names.includes(issuer)
  );
  const methods = effective(config, "authenticationmethods", null);
  const place = methods ?? { file: config.path, line: 0, match: null };
  const lists = methods === undefined ? [["any"]] : listsOf(methods);
  const asked = lists.filter((list) =>
    list.includes("keyboard-interactive") || list.includes("any")
  );
  const late = asked.filter((list) => {
    const key = list.indexOf("publickey");
    return key >= 0 && key < list.indexOf("keyboard-interactive");
  });
  const written = methods === undefined
    ? "is not set"
    : `is "${methods.value}"`;
  if (meant.length > 0 && late.length < asked.length) {
    found.add(place, {
      id: "device-after",
      level: late.length === 0 ? "error" : "warning",
      message:
        `AuthenticationMethods ${written}: the policy has "after: publickey", and whoever is asked without ` +
        "having shown a key is refused",
      hint: "AuthenticationMethods publickey,keyboard-interactive",
    });
  }
  if (late.length > 0 && starts.length === 0 && !auth.some(pastes)) {
    found.add(place, {
      id: "device-after",
      level: "error",
      message:
        `AuthenticationMethods ${written}: the policy has "after: publickey", but PAM's lines have no ` +
        '"device start": nobody is shown a code behind the key',
      hint: `copy ${EXAMPLES}sshd-device-sign-in to /etc/pam.d/sshd`,
    });
  }
}

/** A token that is pasted is a second step, too. */
function pastes(line: OwnLine): boolean {
  return decides(line) && line.verb === "login";
}
