/**
 * The verbs that PAM and sshd run, for people who ask what they are: `main.ts` runs them.
 *
 * @module
 */
import { EXIT_CODES, IGNORE, OUTCOMES } from "../pam/exit_code.ts";
import { type Command, helpText } from "./command.ts";
import { EXAMPLES, LAUNCHERS } from "./documents.ts";

interface PamVerb {
  readonly words: string;
  readonly summary: string;
  readonly command: Command;
  /** The first line is the usage. */
  readonly help: string;
}

const UNUSABLE = {
  [EXIT_CODES.service_err]:
    "the policy or the client's registration cannot be used",
  [EXIT_CODES.system_err]: "a defect",
  [EXIT_CODES.auth_err]: "refused",
  [EXIT_CODES.authinfo_unavail]: "the issuer cannot be reached",
};

const DECIDED = {
  ...UNUSABLE,
  [EXIT_CODES.success]: "granted",
  [EXIT_CODES.user_unknown]: "no rule opens the account",
  [EXIT_CODES.maxtries]: "a question was answered",
};

const GRANT = `
Under the launcher 0 is never a grant, and one is never made without PAM_USER.
`;

const COMMANDS: readonly Omit<PamVerb, "help">[] = [
  {
    words: "login",
    summary: "decide by a token on standard input",
    command: {
      forms: ["POLICY"],
      about: `
Reads what was typed at the prompt, verifies the token, and decides by the policy. Who asks for
what is in PAM_USER, PAM_SERVICE and PAM_TYPE, which pam_exec sets: run by hand it refuses. The
stacks in ${EXAMPLES} run it, through the launcher.
`,
      options: {
        issuer: {
          value: "NAME",
          says:
            "the issuer that is asked about tokens that do not say whose they are",
        },
      },
      notes: `
To see by hand what a token would do: oauth-pam policy explain --help
${GRANT}`,
      exits: DECIDED,
      operands: { files: true },
    },
  },
  {
    words: "device start",
    summary: "begin a sign-in with a browser",
    command: {
      forms: ["POLICY"],
      about: `
Asks the issuer for a code, prints where to enter it, and remembers it for "device finish", a
later line of the stack. It never grants.
`,
      options: {
        issuer: {
          value: "NAME",
          says: 'the issuer, where several have "device"',
        },
        "password-after": {
          value: "NAME,…|nothing",
          says:
            'tells people for which outcomes a later line takes a password, while they get no code; "nothing": none helps',
          proposed: [...OUTCOMES, "nothing"],
        },
      },
      exits: {
        ...UNUSABLE,
        [EXIT_CODES.success]:
          `there is a code to enter (${IGNORE} under the launcher)`,
      },
      operands: { files: true },
    },
  },
  {
    words: "device tell",
    summary: "tell the person how the sign-in stands",
    command: {
      forms: ["POLICY"],
      about: `
Prints a sentence for the person at the prompt, if there is something to tell: before "device
finish" that they are waited for, and how long; behind it that they were refused, with the reference
of the log line, and not why. It decides nothing.
`,
      options: {},
      exits: { [IGNORE]: "always" },
      operands: { files: true },
    },
  },
  {
    words: "device finish",
    summary: "wait for the sign-in, and decide",
    command: {
      forms: ["POLICY"],
      about: `
Waits until the sign-in of "device start" is approved, verifies the token, and decides by the
policy. A token that was typed at the prompt is used instead.
`,
      options: {},
      notes: GRANT,
      exits: DECIDED,
      operands: { files: true },
    },
  },
  {
    words: "outcome",
    summary: "tell how the line before it ended",
    command: {
      forms: ["POLICY NAME…"],
      about: `
Whether the last attempt of this PAM conversation ended with one of the names, so that a stack can
tell "the issuer is down" from "refused". Each NAME is one of:

${OUTCOMES.map((name) => `  ${name}`).join("\n")}
`,
      options: {},
      exits: {
        [EXIT_CODES.success]: "it did (as the launcher wants to hear it)",
        [EXIT_CODES.auth_err]: "it did not, or that cannot be known",
      },
      operands: { files: true, words: OUTCOMES },
    },
  },
  {
    words: "ssh-keys",
    summary: "answer sshd about a certificate",
    command: {
      forms: ["[OPTIONS] POLICY USER KEY TYPE [CONNECTION]"],
      about: `
What sshd asks by AuthorizedKeysCommand, through the launcher ${LAUNCHERS}oauth-pam-ssh-keys:
prints the one line by which sshd takes a certificate that carries an ID token, or nothing.
`,
      options: {
        chain: {
          says:
            `end with ${EXIT_CODES.service_err} for a key that is not such a certificate: another command knows it`,
        },
      },
      exits: {
        ...UNUSABLE,
        [EXIT_CODES.user_unknown]: DECIDED[EXIT_CODES.user_unknown],
        [EXIT_CODES.success]:
          `a line, or not a key to be judged here (${IGNORE} under the launcher)`,
      },
      operands: { files: true },
    },
  },
];

export const PAM_VERBS: readonly PamVerb[] = COMMANDS.map((verb) => ({
  ...verb,
  help: helpText(verb.words, verb.command),
}));
