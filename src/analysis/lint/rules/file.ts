/**
 * The installed file: who could have written it.
 *
 * @module
 */
import type { LintContext } from "../context.ts";
import { foundElsewhere, type LintFinding, lintRule } from "../lint_rule.ts";

const GROUP_OR_OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

function* owner(context: LintContext): Iterable<LintFinding> {
  for (const { path, uid } of context.facts.components ?? []) {
    if (uid === 0) continue;
    yield {
      message: `${
        JSON.stringify(path)
      } belongs to uid ${uid}, who can decide who logs in`,
      hint: `chown root:root ${path}`,
      place: { path: [] },
    };
  }
}

function* mode(context: LintContext): Iterable<LintFinding> {
  for (const { path, kind, mode } of context.facts.components ?? []) {
    if (kind === "symlink") {
      yield {
        message: `${
          JSON.stringify(path)
        } is a symbolic link, which a login does not follow`,
        hint: "name the file itself",
        place: { path: [] },
      };
      continue;
    }
    const sticky = kind === "directory" && (mode & STICKY) !== 0;
    if ((mode & GROUP_OR_OTHERS_WRITE) === 0 || sticky) continue;
    yield {
      message: `${JSON.stringify(path)} has mode ${
        (mode & 0o7777).toString(8).padStart(4, "0")
      }: others than its owner can write it`,
      hint: `chmod go-w ${path}`,
      place: { path: [] },
    };
  }
}

export const FILE_RULES = [
  lintRule("file/owner", {
    level: "error",
    check: owner,
    page: {
      summary:
        "the installed policy, or a folder above it, does not belong to root",
      avoid: `-rw-r--r-- alice root /etc/oauth-pam/policy.yaml`,
      prefer: `-rw-r--r-- root root /etc/oauth-pam/policy.yaml`,
      why:
        `Whoever owns the policy decides who logs in, and whoever owns a folder above can put another file
in its place. Login refuses to read a policy like that. Looked at below /etc and with --installed;
in a checkout the owner is whoever works on it.`,
    },
  }),
  lintRule("file/mode", {
    level: "error",
    check: mode,
    page: {
      summary:
        "others may write the installed policy or a folder above it, or a link is in the way",
      avoid: `-rw-rw-r-- root staff /etc/oauth-pam/policy.yaml`,
      prefer: `-rw-r--r-- root root /etc/oauth-pam/policy.yaml`,
      why:
        `Login refuses a policy that group or others may write, and does not follow symbolic links. A
folder with the sticky bit, such as /tmp, may be writable. Looked at below /etc and with
--installed.`,
    },
  }),
  foundElsewhere("file", "file/unreadable", {
    page: {
      summary: "the file does not exist, cannot be read, or is not UTF-8",
      avoid: `oauth-pam policy lint polcy.yaml`,
      prefer: `oauth-pam policy lint policy.yaml`,
      why: `Nothing was checked, so that the exit code is 3.`,
    },
  }),
];
