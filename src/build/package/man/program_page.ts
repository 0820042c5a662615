/**
 * oauth-pam(8): from the package to the first login, every command, reasons, log, files.
 *
 * @module
 */
import { PROVIDER_NAMES } from "../../../cli/policy/init/providers.ts";
import { synopses } from "../../../cli/command.ts";
import { EXIT_CODES, IGNORE } from "../../../pam/exit_code.ts";
import type { ToldCommand } from "../../../reference/commands.ts";
import type { Block, ManPage } from "../mdoc.ts";
import { commandBlocks, sentence, usageBlock } from "./command.ts";
import { ENVIRONMENT_ROWS, EXIT_ROWS, FILE_ROWS } from "./program_rows.ts";
import { tableBlock } from "./tables.ts";

const EXAMPLES = "/usr/share/doc/oauth-pam/examples";
const POLICY = "/etc/oauth-pam/policy.yaml";

const FIRST_LOGIN: Block[] = [
  {
    text:
      `Keep a root session open until you have logged in anew from another terminal, and keep one account, here called \`rescue\`, whose public key or console login does not depend on this. In the commands below write your own issuer, client and host.`,
  },
  {
    steps: [
      [
        {
          text:
            `At the issuer, register a public client with the redirect URI \`http://127.0.0.1/callback\`. For codes it also needs the device grant (RFC 8628). Where your provider is one of ${
              PROVIDER_NAMES.join(", ")
            }, there is a policy to start from:`,
        },
        {
          code:
            `# oauth-pam policy init --provider keycloak --output ${POLICY}`,
        },
        {
          text:
            "Otherwise begin with the example in oauth-pam-policy(5). Write your own values in place of the examples', and `ca_file` where the issuer has a certificate authority of your own. The way in by certificate needs `ssh_certificates: {}` in the issuer, whose `audiences` name that client; the way in by a code `device: {client_id: ID, scopes: [openid, …]}`, where the scopes bring the claims that the rules use. Then:",
        },
        {
          code:
            `# oauth-pam policy lint ${POLICY}\n# oauth-pam policy test ${POLICY}`,
        },
      ],
      [
        {
          text:
            "Make the program that logins run. It may talk to the policy's hosts and write to its cache directory, and nothing else:",
        },
        { code: "# oauth-pam apply" },
        {
          text:
            "At its end it checks this host. What it finds wrong of sshd and PAM is what the next steps are for.",
        },
      ],
      [
        {
          text:
            "Let sshd ask about certificates. Write the name of your own emergency account into the first file in place of `rescue`, and read the comments of both. /etc/ssh/sshd_config must include the folder, as Debian's does, before its own lines:",
        },
        {
          code: `# cp /etc/pam.d/sshd /root/sshd.before
# cp ${EXAMPLES}/sshd_config-certificates /etc/ssh/sshd_config.d/10-oauth-pam.conf
# cp ${EXAMPLES}/sshd-certificates /etc/pam.d/sshd`,
        },
      ],
      [
        {
          text:
            "Or let people sign in by a code, with nothing but ssh on their machines. The stack:",
        },
        { code: `# cp ${EXAMPLES}/sshd-device-sign-in /etc/pam.d/sshd` },
        {
          text:
            "and the lines for sshd, in /etc/ssh/sshd_config.d/10-oauth-pam.conf:",
        },
        {
          code: `UsePAM yes
KbdInteractiveAuthentication yes
PasswordAuthentication no
AuthenticationMethods keyboard-interactive
Match User rescue
    AuthenticationMethods publickey`,
        },
        {
          text:
            "For both ways at once, take the stack of this step and the file for sshd of the step before, and change two of its lines:",
        },
        {
          code: `AuthenticationMethods publickey keyboard-interactive
KbdInteractiveAuthentication yes`,
        },
      ],
      [
        {
          text:
            "See whether anything would let somebody in or lock everybody out, and only then have sshd read its lines again (the service is called `sshd` outside Debian). `oauth-pam check --fix` prints what to do about what it finds:",
        },
        {
          code: "# oauth-pam check\n# sshd -t\n# systemctl reload ssh",
        },
      ],
      [
        {
          text:
            "From another machine, or another terminal, log in. By certificate, see oauth-pam-key(1):",
        },
        {
          code:
            `$ oauth-pam key --issuer https://login.example.edu --client-id ssh --scope "openid email groups"\n$ ssh alice@ssh.example.edu`,
        },
        {
          text:
            "By a code, `ssh` alone shows an address and a code: open the address in any browser, enter the code, sign in, come back and press Enter.",
        },
      ],
      [
        { text: "On the host, read why somebody was let in or refused:" },
        { code: "# journalctl -t oauth-pam" },
        {
          text:
            "A line begins with `decision=allow reason=allowed user=alice`; see `REASONS` and `LOG`. What the person saw as a reference is `ref=` there.",
        },
      ],
    ],
  },
  {
    text:
      `A change of the policy counts from the next login on. Where it names a new host or another cache directory, \`oauth-pam check\` says so and \`oauth-pam apply\` makes the program anew; until then logins are refused with \`policy_invalid\`.

To remove the package, first put back /root/sshd.before, take its lines out of sshd's configuration, reload sshd and log in by another way; the package refuses to go while a file there still names it.`,
  },
];

/** Commands of {@link FIRST_LOGIN} and what they do not show, as one goes on with a policy. */
const EXAMPLE_BLOCKS: Block[] = [
  { text: "A policy for a provider, with its tests:" },
  {
    code: `$ oauth-pam policy init --provider keycloak --output policy.yaml
$ oauth-pam policy lint policy.yaml
$ oauth-pam policy test policy.yaml --coverage`,
  },
  { text: "Who reaches which account, and by which rule:" },
  { code: "$ oauth-pam policy who policy.yaml" },
  {
    text:
      "Why somebody is refused; the claims may be a line of the audit file:",
  },
  {
    code:
      `$ echo '{"iss": "https://sso.example.org/realms/main", "sub": "1"}' | \\
      oauth-pam policy explain policy.yaml --account alice --claims -`,
  },
  { text: "What a change lets in, as a gate in CI has it:" },
  {
    code: `$ cp policy.yaml old.yaml
$ oauth-pam policy diff old.yaml policy.yaml --fail-on wider`,
  },
];

export async function programPage(
  commands: readonly ToldCommand[],
  { program, date }: Pick<ManPage, "program" | "date">,
): Promise<ManPage> {
  const people = commands.filter(({ forPam }) => !forPam);
  const login = commands.find(({ words }) => words === "login");
  const pam = commands.filter(({ forPam }) => forPam);
  return {
    name: "oauth-pam",
    section: 8,
    summary: "log in to Linux with an OpenID provider",
    program,
    date,
    sections: [
      [
        "SYNOPSIS",
        people.map(({ words, command }) =>
          usageBlock(words, synopses(words, command))
        ),
      ],
      ["DESCRIPTION", [{
        text:
          `\`oauth-pam\` decides who becomes whom on this host. People sign in at an OpenID provider with their browser; what they get is a token. \`oauth-pam\` verifies it against the provider's published keys, decides by the policy, oauth-pam-policy(5), writes one line to syslog, and ends with a grant or with a code that says why not.

A token comes as an SSH certificate that oauth-pam-key(1) makes, about which sshd asks through \`AuthorizedKeysCommand\`; by a code that the prompt shows and that is entered in any browser; or typed at a prompt. The last two go through stacks for PAM; complete ones for sshd, sudo, su and login are below ${EXAMPLES}.

Logins run /var/lib/oauth-pam/login, which \`oauth-pam apply\` makes for the policy, through the launchers in /usr/libexec/oauth-pam. People run \`oauth-pam\`.`,
      }]],
      ["FROM THE PACKAGE TO THE FIRST LOGIN", FIRST_LOGIN],
      ["COMMANDS", [
        {
          text:
            "`oauth-pam help` lists the commands, `oauth-pam help COMMAND` tells what one takes, and `oauth-pam --version` which program this is. Every command for people ends with one of the codes in `EXIT STATUS`; what each means there is said with the command.",
        },
        overview(people),
        ...described(people),
      ]],
      ["COMMANDS FOR PAM AND SSHD", [
        {
          text:
            "These stand in stacks and in sshd's configuration, behind a launcher. Run by hand they never grant.",
        },
        overview(pam),
        ...described(pam),
      ]],
      ["REASONS", [
        {
          text: "Each attempt ends with one of these, in the log as `reason=`.",
        },
        await tableBlock("reasons", {
          says: "means",
          others: { "exit code": "Exit code" },
          compact: true,
        }),
      ]],
      ["LOG", [
        {
          text:
            "One line an attempt goes to syslog, facility auth, tag `oauth-pam`: `key=value` with quoted and escaped values, never a token or a secret. With `audit: {file: …}` in the policy the same record is appended to a file as a line of JSON; `policy diff --replay`, `policy explain --claims` and `audit summary` read it:",
        },
        await tableBlock("audit fields", {
          says: "meaning",
          others: {
            type: "Type:",
            "where there is none": "Where there is none:",
          },
        }),
      ]],
      ["ENVIRONMENT", [
        {
          text:
            "A login reads these and nothing else. `PAM_` variables are set by pam_exec, `SSH_` variables by sshd, `OAUTH_PAM_` variables by the launchers.",
        },
        { list: ENVIRONMENT_ROWS, compact: true },
      ]],
      ["FILES", [{ list: FILE_ROWS }]],
      ["EXIT STATUS", [
        { text: "For people and CI, whatever the format:" },
        { list: EXIT_ROWS, compact: true },
        {
          text:
            `At a login the codes are Linux-PAM's, of which pam_exec passes on only zero or not zero:`,
        },
        {
          list: Object.entries(EXIT_CODES).map(([name, code]) => ({
            head: `\`${code}\``,
            text: `PAM_${name.toUpperCase()}: ${login?.command.exits[code]}.`,
          })),
          compact: true,
        },
        {
          text:
            `Under the launcher a grant is not 0 but a value that the launcher names for this login; the launcher alone turns it into 0, and takes any other 0 for a failure. \`device start\` ends with ${IGNORE} (PAM_IGNORE) there.`,
        },
      ]],
      ["EXAMPLES", EXAMPLE_BLOCKS],
    ],
    seeAlso: [
      ["oauth-pam-key", 1],
      ["ssh", 1],
      ["oauth-pam-policy", 5],
      ["pam.d", 5],
      ["sshd_config", 5],
      ["pam_exec", 8],
      ["sshd", 8],
    ],
  };
}

function overview(commands: readonly ToldCommand[]): Block {
  return {
    list: commands.map(({ words, summary }) => ({
      head: `\`${words}\``,
      text: sentence(summary),
    })),
    compact: true,
  };
}

function described(commands: readonly ToldCommand[]): Block[] {
  return commands.flatMap(({ words, command }) => [
    { heading: words },
    ...commandBlocks(words, command),
  ]);
}
