/**
 * The lists of oauth-pam(8) that come from no table: files, variables and codes.
 *
 * Each is typed by what the program has, so that none can be missing.
 *
 * @module
 */
import { EXIT, type ExitCode } from "../../../cli/exit_code.ts";
import {
  DEFAULT_CACHE_DIRECTORY,
  DEFAULT_SSH_KEYS_DIRECTORY,
} from "../../../policy/places.ts";
import type { ENVIRONMENT } from "../../permissions.ts";

const VARIABLES: Readonly<Record<typeof ENVIRONMENT[number], string>> = {
  PAM_USER: "The account that is asked for.",
  PAM_SERVICE: "The service, such as sshd.",
  PAM_TYPE: "What the stack asks for; anything but auth is refused.",
  PAM_RHOST: "The client's address or name.",
  PAM_TTY: "The terminal.",
  PAM_RUSER: "Who runs sudo or su; it decides nothing.",
  SSH_CONNECTION: "The client's address as sshd knows it.",
  SSH_AUTH_INFO_0: "How the person was authenticated before.",
  OAUTH_PAM_CONVERSATION: "The PAM conversation, by its process.",
  OAUTH_PAM_ACCOUNT: "What the host knows the account as.",
  OAUTH_PAM_GRANT: "The value that means a grant, for this login alone.",
  NO_COLOR: "If set, no colours.",
};

const CODES: Readonly<Record<keyof typeof EXIT, string>> = {
  fine: "Asked, and the answer is fine.",
  negative:
    "A negative answer: findings, a wrong decision, an unwanted change.",
  usage: "The command line cannot be understood.",
  unanswered: "Could not answer: a file cannot be read, or is not a policy.",
  nothing: "Nothing was checked.",
  pam: "Help for a command that PAM or sshd runs: never a yes.",
  internal: "A defect.",
};

export const ENVIRONMENT_ROWS = rows(VARIABLES);
export const EXIT_ROWS = Object.entries(CODES).map(([name, text]) => ({
  head: `\`${EXIT[name as keyof typeof EXIT] satisfies ExitCode}\``,
  text,
}));

export const FILE_ROWS = [
  {
    head: "/etc/oauth-pam/policy.yaml",
    text: "The policy, oauth-pam-policy(5).",
  },
  {
    head: "/var/lib/oauth-pam/login",
    text:
      "What logins run: made for the policy by `oauth-pam apply`, owned by root.",
  },
  {
    head: "/usr/libexec/oauth-pam/oauth-pam-launch",
    text: "The launcher that stacks for PAM run.",
  },
  {
    head: "/usr/libexec/oauth-pam/oauth-pam-ssh-keys",
    text: "The launcher that sshd runs about certificates.",
  },
  {
    head: "/usr/libexec/oauth-pam/pam_script/pam_script_auth",
    text: "For the stack with pam_script.",
  },
  {
    head: "/usr/lib/oauth-pam/",
    text: "The program without a policy, and what runs it.",
  },
  {
    head: DEFAULT_CACHE_DIRECTORY,
    text:
      "What is kept between logins; root's alone. The link `syslog` in it is the way to /dev/log.",
  },
  {
    head: DEFAULT_SSH_KEYS_DIRECTORY,
    text: "The same for what sshd asks, as the user oauth-pam.",
  },
  {
    head: "/usr/share/doc/oauth-pam/examples/",
    text: "Stacks for PAM, lines for sshd, policies, and a README for each.",
  },
];

function rows(
  words: Readonly<Record<string, string>>,
): { readonly head: string; readonly text: string }[] {
  return Object.entries(words).map(([name, text]) => ({
    head: `\`${name}\``,
    text,
  }));
}
