/**
 * Grants that reach further than they look.
 *
 * @module
 */
import { listOf } from "../../../lib/text.ts";
import { matchesGlob } from "../../../policy/evaluate/conditions.ts";
import type { AccountSource, Condition, Rule } from "../../../policy/model.ts";
import {
  accountEntries,
  claimName,
  conditionPath,
  isAboutSubject,
  type LintContext,
} from "../context.ts";
import { type LintFinding, lintRule } from "../lint_rule.ts";
import { type Provider, providerOf } from "../../providers.ts";
import { isPinned, pins } from "./tenants.ts";

/** Accounts that own the system, and names of groups that amount to root where they are accounts. */
const PRIVILEGED = new Set(
  ("root toor daemon bin sys sync games man lp mail news uucp proxy backup list irc nobody " +
    "operator halt shutdown sudo wheel adm admin administrator disk shadow kmem tty docker " +
    "lxd libvirt kvm staff utmp messagebus sshd polkitd dbus postgres mysql www-data apache " +
    "nginx named bind ntp chrony rpc tss oauth-pam").split(" "),
);

/** Systemd's and Debian's own accounts. */
const SYSTEM = /^(?:systemd-.+|_[a-z].*)$/;

/** Also as an account of a domain, and in any case: "CORP\\Administrator" is one. */
function isPrivileged(account: string): boolean {
  const name = account.replace(/^.*\\|@.*$/g, "").toLowerCase();
  return PRIVILEGED.has(name) || SYSTEM.test(name);
}

function* noSubjectCondition(context: LintContext): Iterable<LintFinding> {
  for (const rule of context.allowRules) {
    if (rule.when.some(isAboutSubject)) continue;
    for (const { entry, path } of accountEntries(rule)) {
      if (entry.source !== "names") continue;
      yield {
        message: `everybody whom ${issuerNames(context, rule)} knows may use ${
          listOf(entry.names)
        }: no condition says who`,
        hint:
          'add a condition on the person, such as "groups: {any: [operators]}"',
        place: { path: [...path, "names"], at: "key" },
      };
    }
  }
}

function issuerNames(context: LintContext, rule: Rule): string {
  return listOf(context.issuersOf(rule).map(({ name }) => name), 3);
}

function* privilegedAccount(context: LintContext): Iterable<LintFinding> {
  for (const rule of context.allowRules) {
    for (const { entry, path } of accountEntries(rule)) {
      for (const { name, steps } of writtenAccounts(entry)) {
        if (!isPrivileged(name)) continue;
        yield {
          ...judge(context, rule, { name, entry }),
          place: { path: [...path, ...steps] },
        };
      }
    }
  }
}

function writtenAccounts(
  entry: AccountSource,
): { name: string; steps: (string | number)[] }[] {
  if (entry.source === "names") {
    return entry.names.map((name, index) => ({
      name,
      steps: ["names", index],
    }));
  }
  if (entry.source !== "map") return [];
  return entry.map.flatMap(({ key, accounts }) =>
    accounts.map((name, index) => ({ name, steps: ["map", key, index] }))
  );
}

/** How bad it is depends on what else the rule asks. */
function judge(
  context: LintContext,
  rule: Rule,
  { name, entry }: { name: string; entry: AccountSource },
): Pick<LintFinding, "message" | "level" | "hint"> {
  const account = JSON.stringify(name);
  const opened = rule.allow_protected && entry.source === "names";
  if (!opened) {
    const listed = context.policy.protected_accounts.includes(name);
    return {
      level: "warning",
      message: `${account} is a privileged account; ` +
        (listed
          ? "it is protected, so that this grants nothing"
          : "where its uid is 1000 or above, this grants it"),
      hint: "let people log in as themselves and raise their rights with sudo",
    };
  }
  if (!rule.when.some(isAboutSubject)) {
    return {
      level: "error",
      message:
        `${account} is opened to everybody whom the issuer knows: no condition says who`,
      hint: "add a condition on the person",
    };
  }
  const { assurance } = context.policy;
  const mfa = rule.assurance.mfa || assurance.mfa;
  const fresh = rule.assurance.max_auth_age ?? assurance.max_auth_age;
  const missing = [
    ...(mfa ? [] : ['"mfa: true"']),
    ...(fresh === null ? ['"max_auth_age"'] : []),
  ];
  return missing.length === 0
    ? {
      level: "info",
      message: `${account} is opened by "allow_protected"`,
      hint: "say in a suppression why nobody's own account will do",
    }
    : {
      level: "warning",
      message: `${account} is opened without ${missing.join(" and ")}`,
      hint: "ask for a second factor and a recent sign-in in the rule",
    };
}

function* multiTenantIssuer(context: LintContext): Iterable<LintFinding> {
  for (const rule of context.allowRules) {
    // a list of people is as good as a condition on them
    const open = accountEntries(rule).find(({ entry }) =>
      entry.source !== "map" && entry.source !== "map_file"
    );
    if (open === undefined) continue;
    for (const issuer of context.issuersOf(rule)) {
      const provider = providerOf(issuer.issuer);
      if (provider === null || provider.everybody === null) continue;
      if (isPinned(context, rule, provider)) continue;
      const index = rule.issuers?.indexOf(issuer.name) ?? -1;
      yield {
        message:
          `the issuer "${issuer.name}" vouches for ${provider.everybody}, and no condition says which`,
        hint: `add a condition on ${listOf(provider.tenants)}`,
        place: index < 0
          ? { path: ["rules", rule.id], at: "key" }
          : { path: ["rules", rule.id, "issuers", index] },
      };
    }
  }
}

/** Names of accounts that at many issuers people choose, or that pass to others. */
const LOGIN_NAMES = ["preferred_username", "username"];

function* everybody(context: LintContext): Iterable<LintFinding> {
  for (const rule of context.allowRules) {
    if (rule.when.some(isAboutSubject)) continue;
    for (const { entry, path } of accountEntries(rule)) {
      if (entry.source !== "claim" || entry.strip_suffix !== null) continue;
      if (!LOGIN_NAMES.includes(claimName(entry.claim))) continue;
      yield {
        message: `everybody whom ${
          issuerNames(context, rule)
        } knows gets in, and whoever is called "alice" there gets the account "alice": no condition says who`,
        hint:
          'add a condition on the person, such as "groups: {any: [staff]}", or say in a suppression that the issuer has no others',
        place: { path: ["rules", rule.id], at: "key" },
        related: [{ message: "the account", place: { path } }],
      };
    }
  }
}

function* anyJob(context: LintContext): Iterable<LintFinding> {
  for (const rule of context.allowRules) {
    if (!accountEntries(rule).some(({ entry }) => entry.source === "names")) {
      continue;
    }
    for (const issuer of context.issuersOf(rule)) {
      const jobs = providerOf(issuer.issuer)?.jobs ?? null;
      if (jobs === null) continue;
      for (const condition of rule.when) {
        if (condition.operator !== "like") continue;
        const open = openJobs(condition, { rule, jobs });
        if (open === null) continue;
        yield {
          message: `${JSON.stringify(condition.pattern)} also matches ${
            JSON.stringify(open.example)
          }: ${open.what} may use the shared account`,
          hint: open.hint,
          place: { path: conditionPath(context, rule, condition) },
        };
      }
    }
  }
}

interface OpenJobs {
  readonly example: string;
  readonly what: string;
  readonly hint: string;
}

/** Which jobs a glob lets in that hardly are meant, where no other condition keeps them out. */
function openJobs(
  condition: Condition & { operator: "like" },
  { rule, jobs }: { rule: Rule; jobs: NonNullable<Provider["jobs"]> },
): OpenJobs | null {
  const { pattern } = condition;
  const name = claimName(condition.claim);
  const isSub = name === "sub" && pattern.startsWith(jobs.prefix);
  if (!isSub && !jobs.project.includes(name)) return null;
  const asks = (claims: readonly string[]) =>
    rule.when.some((each) =>
      each !== condition && each.operator !== "like" && pins(each, claims)
    );
  const prefix = isSub ? jobs.prefix : "";
  const [, project = "", rest = ""] =
    /^([^*:]*(?:\*[^*:]*)?)(.*)$/.exec(pattern.slice(prefix.length)) ?? [];
  // without a project, match/unanchored-prefix says worse of it
  if (!project.includes("/")) return null;
  // a star at the project's end may stand for all that follows as well
  const anyOccasion = !asks(jobs.occasion) &&
    (rest === ":*" || (rest === "" && project.endsWith("*")));
  const end = !isSub
    ? ""
    : rest === "" || rest === ":*"
    ? `:${jobs.anybody}`
    : rest.replaceAll("*", "x");
  const example = prefix + project.replace("*", "anything") + end;
  const anyProject = project.endsWith("/*") && !asks(jobs.single);
  if (!anyProject && !(isSub && anyOccasion)) return null;
  const occasion = "on any branch and in any pull request";
  return !matchesGlob(pattern, example) ? null : anyProject
    ? {
      example,
      what: `jobs of every project of ${JSON.stringify(project.slice(0, -1))}` +
        (anyOccasion ? `, ${occasion},` : ""),
      hint: `name the project, with a condition on ${listOf(jobs.single)}`,
    }
    : {
      example,
      what: `jobs ${occasion}`,
      hint: `name what they are for, with a condition on ${
        listOf(jobs.occasion)
      }`,
    };
}

export const GRANT_RULES = [
  lintRule("grant/no-subject-condition", {
    level: "error",
    confidence: "medium",
    check: noSubjectCondition,
    page: {
      summary: "a shared account is open to everybody whom the issuer knows",
      avoid: `deployers:
  issuers: [campus]
  accounts: [{names: [deploy]}]`,
      prefer: `deployers:
  issuers: [campus]
  when: {groups: {any: [deployers]}}
  accounts: [{names: [deploy]}]`,
      why:
        `A fixed account has no tie to the person: who may use it is said by the conditions alone.
Issuer, audience, times, the kind of sign-in and the organisation say nothing about the person.
Rules that map a claim to an account of the same name need no condition: they open to each
person one account, their own.`,
    },
  }),
  lintRule("grant/everybody", {
    level: "warning",
    confidence: "medium",
    check: everybody,
    page: {
      summary: "everybody gets in, as whom they are called",
      avoid: `people:
  accounts: [{claim: preferred_username}]`,
      prefer: `people:
  when: {groups: {any: [staff]}}
  accounts: [{claim: preferred_username}]`,
      why:
        `Nothing says who is meant, and the account is a name that people choose or that passes to others:
at an issuer where people register themselves, whoever is first to be called "alice" becomes
"alice" on the host. Where the account comes from "sub", from an address within the site's own
domain, or from a map, it is one person's.`,
    },
  }),
  lintRule("grant/any-job", {
    level: "warning",
    confidence: "medium",
    check: anyJob,
    page: {
      summary: "a shared account is open to jobs of any project or branch",
      avoid: `deploy:
  when: {sub: {like: "repo:acme/*"}}
  accounts: [{names: [deploy]}]`,
      prefer: `deploy:
  when: {sub: "repo:acme/app:environment:production"}
  accounts: [{names: [deploy]}]`,
      why:
        `A glob for all that an owner has also matches the repository that a member made yesterday, every
branch, and the run of a pull request, which whoever may push a branch can start. One project, and
one branch or environment of it, are what deploys.`,
    },
  }),
  lintRule("grant/privileged-account", {
    level: "warning",
    check: privilegedAccount,
    page: {
      summary: "root or another privileged account is granted",
      avoid: `admins:
  when: {groups: {any: [admins]}}
  accounts: [{names: [root]}]
  allow_protected: true`,
      prefer: `admins:
  when: {groups: {any: [admins]}}
  assurance: {mfa: true, max_auth_age: 15m}
  accounts: [{claim: preferred_username}]   # and sudo on the host`,
      why:
        `A login as root hides who did something, and one wrong condition gives the whole host away.
The finding is an error where no condition says who, a warning where a second factor or a recent
sign-in is not asked for, and information otherwise, to be answered with a suppression that says
why. Accounts with a uid below 1000 are protected at login whatever their name, and accounts that
come from a claim or a map are never protected ones: only "names" together with
"allow_protected: true" opens them.`,
    },
  }),
  lintRule("grant/multi-tenant-issuer", {
    level: "error",
    check: multiTenantIssuer,
    page: {
      summary:
        "the issuer serves the whole world, and no condition says which tenant",
      avoid: `issuers:
  google: {issuer: https://accounts.google.com, audiences: [client-id]}
rules:
  staff:
    when: {email_verified: true}
    accounts: [{claim: email, strip_suffix: "@example.edu"}]`,
      prefer: `rules:
  staff:
    when: {hd: example.edu, email_verified: true}
    accounts: [{claim: email, strip_suffix: "@example.edu"}]`,
      why:
        `Anybody can get a token from Google, Microsoft's common endpoint, GitHub Actions or gitlab.com,
also one for your audience. Only a claim that the issuer itself sets, such as "hd", "tid" or
"repository_owner", says whose person or job it is. An address "@example.edu" does not: anybody
who once could read mail there may have a personal account with it.`,
    },
  }),
];
