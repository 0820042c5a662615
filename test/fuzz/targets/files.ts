/**
 * Files of the administrator's: the policy, and the map from people to accounts.
 *
 * @module
 */
import { parse } from "yaml";
import { utf8 } from "../oracle.ts";
import type { Target } from "../target.ts";
import { AUDIENCE, type World } from "../world.ts";
import { POLICY } from "./login.ts";

async function login(policy: string, world: World) {
  const stdin = new TextEncoder().encode(await world.token());
  return { verb: "login", args: [policy], stdin } as const;
}

const REFUSING = POLICY.replace("[staff]}", "[admins]}");
const DENYING = `${
  POLICY.replace(
    /^rules:$/m,
    "rules:\n  gone:\n    effect: deny\n    when: {sub: u1}",
  )
}`;
const ASSURED = POLICY.replace(
  "rules:",
  "assurance: {mfa: true, max_auth_age: 12h}\nrules:",
);
const EXPLICIT = POLICY.replace(
  /^ {4}accounts:\n.*$/m,
  "    accounts: [{names: [alice]}]\n    allow_protected: false",
);

export const policy: Target = {
  name: "policy",
  // what a policy takes of memory grows with it, and root alone writes it
  longest: 15,
  seeds: [POLICY, REFUSING, DENYING, ASSURED, EXPLICIT],
  words: [
    ...["version: 1", "issuers:", "rules: {}", "audiences: []", "effect: deny"],
    ...["effect: allow", "when: {}", "names: [alice]", "names: [root]", "all:"],
    ...["none: [staff]", "any: [staff]", "like: '*'", "&a ", "*a", "<<: *a"],
    ...[
      "!!str ",
      "!!binary ",
      "---\n",
      "...\n",
      "? ",
      "| ",
      "> ",
      "%YAML 1.1\n",
    ],
    ...[
      "null",
      "yes",
      "0o17",
      ".inf",
      "assurance: {mfa: true}\n",
      "kind: globus",
    ],
    ...[
      "__proto__: {}\n",
      "services: [sudo]",
      "rhosts: [0.0.0.0/0]",
      "max_auth_age: 1s",
    ],
    ...[
      "clock_skew: 9999h",
      "one_time: true",
      "jwks_ttl: 0s",
      "algorithms: [none]",
    ],
  ],
  async place(bytes, world) {
    return await login(await world.write("policy.yaml", bytes), world);
  },
  where: (bytes, world) => world.staysInside(bytes) ? "both" : "program",
  mayBeYes(bytes, world) {
    const text = utf8(bytes);
    if (text === null) return false;
    try {
      return admitsAlice(parse(text.replace(/^\ufeff/, "")), world);
    } catch {
      return false;
    }
  },
};

// deno-lint-ignore no-explicit-any
type Anything = any;

/** The parts of the language that the seeds use. What it does not know, it takes for no hindrance. */
function admitsAlice(document: Anything, world: World): boolean {
  const claims: Record<string, unknown> = {
    sub: "u1",
    email: "alice@example.edu",
    email_verified: true,
    groups: ["staff"],
    preferred_username: "alice",
  };
  const trusted = Object.values<Anything>(document.issuers).some((each) =>
    each.issuer === world.issuer.issuer && each.audiences.includes(AUDIENCE)
  );
  const holds = ([claim, wanted]: [string, Anything]) => {
    const value = claims[claim];
    if (wanted === null || typeof wanted !== "object") return value === wanted;
    const list = Array.isArray(value) ? value : [];
    return (wanted.any?.some?.((each: unknown) => list.includes(each)) ??
      true) &&
      (wanted.all?.every?.((each: unknown) => list.includes(each)) ?? true) &&
      !wanted.none?.some?.((each: unknown) => list.includes(each));
  };
  const applies = ({ services, rhosts, when }: Anything) =>
    (services?.includes("sshd") ?? true) &&
    (rhosts?.some?.((each: string) => each.startsWith("192.0.2.")) ?? true) &&
    Object.entries(when ?? {}).every(holds);
  const opensAlice = (entry: Anything) =>
    entry.names?.includes("alice") ||
    (entry.claim === "email" && entry.strip_suffix === "@example.edu") ||
    ["identity", "map_file"].some((key) => key in entry) ||
    claims[entry.claim] === "alice";
  const rules = Object.values<Anything>(document.rules ?? {});
  return document.version === 1 && trusted &&
    rules.some((rule) =>
      rule.effect !== "deny" && applies(rule) && rule.accounts.some(opensAlice)
    ) &&
    !rules.some((rule) =>
      rule.effect === "deny" && rule.accounts === undefined && applies(rule)
    );
}

const MAPPED = POLICY.replace(
  /- \{claim: email.*$/m,
  `- {map_file: "@ROOT@/accounts", keys: [sub]}`,
);

export const map: Target = {
  name: "map-file",
  seeds: [
    "u1 alice\n",
    "# people\nu0 bob\nu1 carol,alice # both\nu2\n\tu3 dave\r\n",
    "u1 bob\nu11 alice\nu 1 alice\n#u1 alice\n",
  ],
  words: [
    "u1",
    "alice",
    " ",
    "\t",
    ",",
    "#",
    "\r\n",
    "root",
    "u1 alice\n",
    "u1,alice",
  ],
  async place(bytes, world) {
    await world.write("accounts", bytes);
    return await login(await world.write("policy.yaml", MAPPED), world);
  },
  mayBeYes(bytes) {
    const lines = (utf8(bytes) ?? "").split("\n");
    return lines.some((line) => {
      const words = line.replace(/#.*$/s, "").replace(/\r$/, "")
        .split(/[ \t,]+/).filter((word) => word !== "");
      return words[0] === "u1" && words.slice(1).includes("alice");
    });
  },
};
