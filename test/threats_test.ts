/**
 * What could go wrong, each with an id. A test names the ids that it is about in a comment
 * `Threats: A1, F-2`; what no test can show stands in SECURITY.md with the reason.
 *
 * A: tokens; B: issuers; C: introspection; D: device sign-in; E: accounts; F-: files; F: findings about
 * the runtime and PAM; G: process; H: logs; I: availability; J: supply; K: SciTokens and WLCG; L: SSH
 * certificates that carry a token.
 *
 * @module
 */
import { filesBelow } from "./support/files.ts";
import assert from "node:assert/strict";

const THREATS = new Map([
  ["A1", "a token excuses itself from being signed"],
  ["A2", "the public key is used as an HMAC secret"],
  ["A3", "the token brings or points at its own key"],
  ["A4", "kid is used as path, query or command"],
  ["A5", "critical extensions, b64, zip or nesting change what is signed"],
  ["A6", "encrypted tokens cost work or act as oracle"],
  ["A7", "text around a token is repaired into a token"],
  ["A8", "two readers of one token see different members"],
  ["A9", "broken Unicode in claims becomes something else"],
  ["A10", "a token that never ends"],
  ["A11", "generous clock skew, or times not looked at"],
  ["A12", "an issuer that only looks like ours is accepted"],
  ["A13", "a token for somebody else is accepted"],
  ["A14", "a token of one kind passes for another"],
  ["A15", "a client names itself like a user"],
  ["A16", "key-bound or delegated tokens are replayed as bearer"],
  ["A17", "a captured token is used again"],
  ["A18", "published keys that anybody could sign with"],
  ["A19", "choice between keys becomes a guess"],
  ["A20", "claims reach inherited members"],
  ["A21", "policy patterns are unanchored or exponentially slow"],
  ["B1", "discovery document of another issuer is used"],
  ["B2", "issuer leads us to internal addresses or files"],
  ["B3", "DNS answers change between checks"],
  ["B4", "redirects downgrade or lead away"],
  ["B5", "huge or compressed answers exhaust memory"],
  ["B6", "a slow issuer or resolver hangs the login"],
  ["B7", "weak or unverified TLS is accepted"],
  ["B8", "private certificate authorities, or whoever writes the CA file"],
  ["B9", "withdrawn keys live on, new ones are unknown"],
  ["B10", "made-up kids make us flood the issuer"],
  ["B11", "unverified iss makes us fetch any URL"],
  ["B12", "expired keys serve for ever while issuer is down"],
  ["B13", "a captive portal's page is kept as keys"],
  ["B14", "well-known address of issuers with a path"],
  ["C1", 'something like "active" counts as active'],
  ["C2", "active tokens for others or expired ones admit"],
  ["C3", "one issuer's token is shown to another"],
  ["C4", "the client secret leaks"],
  ["C5", "login endpoint as oracle for guessed tokens"],
  ["C6", "token bytes add form fields"],
  ["C7", "revoked tokens live on in a cache"],
  ["C8", "linked or foreign Globus identities map to accounts"],
  ["C9", "an unsigned JWT introspection answer is believed"],
  ["D1", "victim approves an attacker's sign-in"],
  ["D2", "a colleague approves for somebody else's account"],
  ["D3", "polling too fast or on after errors"],
  ["D4", "waiting without end for an approval"],
  ["D5", "issuer's text steers the terminal or misleads"],
  ["D6", "device prompt reveals which accounts exist"],
  ["D7", "user never sees the code"],
  ["D8", "ID token is believed because it came over TLS"],
  ["D9", "device code or tokens leak to user or log"],
  ["D10", "more scopes than needed are requested"],
  ["D11", "unauthenticated people flood issuer with sign-ins"],
  ["E1", "a good token opens somebody else's account"],
  ["E2", "root, uid-0 aliases or system accounts open"],
  ["E3", "a number is taken for a uid"],
  ["E4", "names that are options, paths or commands"],
  ["E5", "look-alike letters fold into an account"],
  ["E6", "trimmed bytes make a valid name"],
  ["E7", "claims of another type are converted"],
  ["E8", "unverified or foreign email maps to an account"],
  ["E9", "templates or stripped suffixes merge two people"],
  ["E10", "two issuers' equal names are one person"],
  ["E11", "parent, prefix or case of a group counts"],
  ["E12", "empty or misspelt policy allows"],
  ["E13", "broken or huge PAM_USER crashes or slips through"],
  ["E14", "account lookup hangs or runs another getent"],
  ["F1", "a login whose event loop runs dry must not exit 0"],
  ["F2", "a code cache planted in /tmp runs as root"],
  ["F3", "pam_exec cuts tokens at 511 bytes without a word"],
  ["F4", "hostile environment variables act beneath the program"],
  ["F5", "--help, --version or check under PAM ends with 0"],
  ["F6", "redirects carry the token to another host"],
  ["F7", "permissive defaults of jose are inherited"],
  ["F8", "numeric, folded or multi-line names resolve to root"],
  ["F9", "device flow grants or reveals accounts that sshd hides"],
  ["F10", "a hanging issuer leaves root processes behind"],
  ["F-1", "others can write policy, secret or cache"],
  ["F-2", "links, pipes or hard links in the cache"],
  ["F-3", "chosen keys in the cache are believed"],
  ["F-4", "concurrent logins tear or block the cache"],
  ["F-5", "full or read-only disk decides a login"],
  ["F-6", "a clock set back makes entries immortal"],
  ["F-7", "policy changes between check and use"],
  ["F-8", "umask of the caller opens files"],
  ["F-9", "YAML says something else than it shows"],
  ["F-10", "relative paths lead elsewhere"],
  ["G1", "planted V8 code cache gives local root"],
  ["G2", "package.json or node_modules outside the program are read"],
  ["G3", "environment matrix acts on the runtime"],
  ["G4", "users plant LD_PRELOAD through pam_env"],
  ["G5", "a fault anywhere ends in a grant"],
  ["G6", "crash, signal or closed pipe is a grant"],
  ["G7", "PAM control words turn refusals into grants"],
  ["G8", "exit codes or text tell why"],
  ["G9", "other PAM types than auth are granted"],
  ["G10", "odd standard input hangs or slips through"],
  ["G11", "sshd's junk password is processed or shown"],
  ["G12", "processes outlive the connection"],
  ["G13", "token remains in files, arguments, environment or core"],
  ["G14", "the program may do more than it needs"],
  ["G15", "code is loaded or evaluated at run time"],
  ["G16", "subcommands end with 0 under PAM"],
  ["G17", "build host's switches are baked in"],
  ["G18", "user's folder or uid influences sudo and su logins"],
  ["G19", "a self-extracting build writes code somewhere"],
  ["G20", "others can replace the program"],
  ["H1", "names forge log lines or steer terminals"],
  ["H2", "token, secret or stack trace in a log"],
  ["H3", "time or text tells which users exist"],
  ["H4", "timing reveals which issuers are configured"],
  ["H5", "accepted logins cannot be attributed"],
  ["H6", "a missing or stuck syslog blocks logins"],
  ["I1", "issuer outage locks administrators out"],
  ["I2", "garbage before authentication exhausts the host"],
  ["I3", "giant or many keys cost processor time"],
  ["I4", "deep or huge JSON exhausts stack or memory"],
  ["J1", "dependencies or runtime are substituted"],
  ["J2", "old V8 and TLS flaws stay in the binary"],
  ["K1", "tokens signed by anything but RSA or elliptic curves"],
  ["K2", "WLCG: a token without kid, or with another"],
  ["K3", "WLCG: a version that is unknown or not one"],
  ["K4", "WLCG: a token lacks what the profile demands"],
  ["K5", "audiences are compared loosely, or any audience is ours"],
  ["K6", "WLCG: groups that are not groups, or imply parents"],
  ["K7", "WLCG: a token for storage opens a shell by its groups"],
  ["K8", "WLCG: storage scopes without a path"],
  ["K9", "WLCG: one issuer speaks for several organisations"],
  ["K10", "claims that nobody knows keep people out"],
  ["K11", "SciTokens: versions, audiences and scopes are mixed up"],
  ["K12", "keys are fetched at every login, or in a crowd"],
  ["L1", "a token admits with another key than the one it names"],
  ["L2", "who holds somebody's ID token binds a key of their own to it"],
  ["L3", "what is verified of a PK token is not what is read"],
  [
    "L4",
    "a certificate of an authority, or for another use, is taken for ours",
  ],
  ["L5", "a certificate lives on after its token"],
]);

const TESTS = new URL("./", import.meta.url);
const ID = /[A-L]-?\d+/g;

/** The ids of all comments `Threats:` of the tests, by file. */
async function namedByTests(): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const file of await filesBelow(TESTS.pathname)) {
    if (!file.endsWith("_test.ts")) continue;
    const text = await Deno.readTextFile(new URL(file, TESTS));
    const ids = [...text.matchAll(/^\/\/ Threats: (.*)$/gm)]
      .flatMap(([, list = ""]) => list.match(ID) ?? []);
    found.set(file, ids);
  }
  return found;
}

/** Ids in parentheses, such as "(H4)" and "(A14, K9)". */
async function namedInSecurity(): Promise<string[]> {
  const text = await Deno.readTextFile(new URL("../SECURITY.md", TESTS));
  return [...text.matchAll(/\(((?:[A-L]-?\d+(?:, )?)+)\)/g)].flatMap((
    [, list = ""],
  ) => list.match(ID) ?? []);
}

Deno.test("every threat is named by a test, or stands in SECURITY.md with the reason", async () => {
  const named = new Set([
    ...[...(await namedByTests()).values()].flat(),
    ...await namedInSecurity(),
  ]);
  const missing = [...THREATS].filter(([id]) => !named.has(id));
  assert.deepEqual(missing, []);
  assert.equal(THREATS.size, 138);
});

Deno.test("no test and no document names a threat that is not on the list", async () => {
  const unknown = [...await namedByTests()].flatMap(([file, ids]) =>
    ids.filter((id) => !THREATS.has(id)).map((id) => `${file}: ${id}`)
  );
  assert.deepEqual(unknown, []);
  const documented = (await namedInSecurity()).filter((id) => !THREATS.has(id));
  assert.deepEqual(documented, []);
});
