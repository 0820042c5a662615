/**
 * What a CI runner does with shell lines: a repository with a policy on its main branch, a change on
 * another branch, and this checkout of oauth-pam beside it.
 *
 * Debian packages: git.
 *
 * @module
 */
import assert from "node:assert/strict";

const CHECKOUT = new URL("../../", import.meta.url).pathname;

const ENVIRONMENT = {
  NO_COLOR: "1",
  DENO_NO_UPDATE_CHECK: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_SYSTEM: "/dev/null",
  GIT_AUTHOR_NAME: "ci",
  GIT_AUTHOR_EMAIL: "ci@example.org",
  GIT_COMMITTER_NAME: "ci",
  GIT_COMMITTER_EMAIL: "ci@example.org",
};

/** A policy that lets these groups in. */
export function groupsPolicy(groups: readonly string[]): string {
  return `version: 1
issuers:
  campus: {issuer: https://login.example.edu, audiences: [ssh]}
rules:
  staff:
    services: [sshd]
    when:
      groups: {any: ${JSON.stringify(groups)}}
      email_verified: true
    accounts: [{claim: email, strip_suffix: "@example.edu"}]
`;
}

/** Tests that notice every change of such a policy. */
export function groupsTests(groups: readonly string[]): string {
  const refused = (name: string, rest: string) =>
    `  - {name: ${name} is refused, ${rest}, expect: {reason: account_not_permitted}}\n`;
  const claims = "sub: u1, email: alice@example.edu, email_verified: true";
  const tests = groups.map((group) =>
    `  - {name: ${group} gets in, claims: {groups: [${group}]}, ` +
    "expect: {decision: allow, rule: staff}}\n"
  );
  return `defaults: {account: alice, claims: {${claims}, groups: [${
    groups[0]
  }]}}
tests:
${tests.join("")}` +
    refused("another group", "claims: {groups: [others]}") +
    refused("an unverified address", "claims: {email_verified: false}") +
    refused("another address", "claims: {email: alice@example.org}") +
    refused("an address without a domain", "claims: {email: alice}") +
    refused("sudo", "service: sudo") +
    "  - {name: root is refused, account: root, claims: {email: root@example.edu}, expect: deny}\n";
}

/** The two files of a change to a policy and its tests. */
export function groupsFiles(groups: readonly string[]): Record<string, string> {
  return {
    "site.yaml": groupsPolicy(groups),
    "site.test.yaml": groupsTests(groups),
  };
}

export interface Ran {
  readonly code: number;
  /** Standard output and standard error, as they came. */
  readonly output: string;
}

/** Runs a script the way runners start bash: it ends with the first line that fails. */
export async function bash(
  script: string,
  options: { cwd: string; env?: Readonly<Record<string, string>> },
): Promise<Ran> {
  const file = await Deno.makeTempFile({ suffix: ".sh" });
  await Deno.writeTextFile(file, `exec 2>&1\n${script}`);
  const { code, stdout } = await new Deno.Command("bash", {
    args: ["--noprofile", "--norc", "-eo", "pipefail", file],
    cwd: options.cwd,
    env: { ...ENVIRONMENT, ...options.env },
    stdin: "null",
  }).output();
  await Deno.remove(file);
  return { code, output: new TextDecoder().decode(stdout) };
}

async function must(script: string, cwd: string): Promise<void> {
  const { code, output } = await bash(script, { cwd });
  assert.equal(code, 0, output);
}

/** A new folder with `oauth-pam`, a copy of what a checkout of it holds, and an empty `temp`. */
export async function ciWorkspace(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "oauth-pam-ci-" });
  const files = [
    ...["src", "policies", ".github", ".pre-commit-hooks.yaml"],
    ...["deno.json", "deno.lock"],
  ].map((name) => `"${CHECKOUT}${name}"`);
  await must(
    `mkdir temp oauth-pam; cp -R ${files.join(" ")} oauth-pam/`,
    folder,
  );
  return folder;
}

/**
 * Makes `site` in the workspace anew: main has the groups "staff" and "faculty", and the branch that
 * is checked out has these files besides. Of main only the remote branch is there.
 */
export async function checkOutChange(
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  const site = `${folder}/site`;
  const write = async (all: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(all)) {
      await Deno.writeTextFile(`${site}/${name}`, text);
    }
  };
  await must(
    "rm -rf site origin.git; git init -q --bare -b main origin.git; git clone -q origin.git site",
    folder,
  );
  await write(groupsFiles(["staff", "faculty"]));
  await must(
    "git checkout -q -b main; git add .; git commit -q -m main; git push -q origin main; " +
      "git checkout -q -b change",
    site,
  );
  await write(files);
  await must(
    "git add .; git commit -q --allow-empty -m change; git branch -q -D main; git fetch -q origin",
    site,
  );
}

/** Makes the workspace's oauth-pam a repository with this tag; answers where it can be cloned from. */
export async function tagged(folder: string, tag: string): Promise<string> {
  await must(
    `git init -q -b main; git add .; git commit -q -m release; git tag ${tag}; ` +
      "cd ..; mv oauth-pam oauth-pam.git",
    `${folder}/oauth-pam`,
  );
  return `${folder}/oauth-pam.git`;
}
