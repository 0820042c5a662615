/**
 * The verbs that PAM and sshd run, for people who ask what they are: `main.ts` runs them.
 *
 * @module
 */
import { OUTCOMES } from "../pam/exit_code.ts";

interface PamVerb {
  readonly words: string;
  readonly summary: string;
  /** The first line is the usage. */
  readonly help: string;
}

const CODES =
  `exit codes: 0 granted, 3 the policy or the client's registration cannot be used, 4 a defect,
7 refused, 9 the issuer cannot be reached, 10 no rule opens the account, 11 a question was answered;
under the launcher 0 is never a grant, and one is never made without PAM_USER`;

export const PAM_VERBS: readonly PamVerb[] = [
  {
    words: "login",
    summary: "decide by a token on standard input",
    help: `usage: oauth-pam login POLICY [--issuer NAME]

Reads what was typed at the prompt, verifies the token, and decides by the policy. Who asks for
what is in PAM_USER, PAM_SERVICE and PAM_TYPE, which pam_exec sets: run by hand it refuses. The
stacks in pam.d.example/ run it, through the launcher.

  --issuer NAME    the issuer that is asked about tokens that do not say whose they are

To see by hand what a token would do: oauth-pam policy explain --help

${CODES}`,
  },
  {
    words: "device start",
    summary: "begin a sign-in with a browser",
    help:
      `usage: oauth-pam device start POLICY [--issuer NAME] [--password-after NAME,…|nothing]

Asks the issuer for a code, prints where to enter it, and remembers it for "device finish", a later
line of the stack. It never grants.

  --issuer NAME            the issuer, where several have "device"
  --password-after NAMES   tells people for which outcomes a later line takes a password, while they
                           get no code; "nothing": none helps

exit codes: 0 there is a code to enter (25 under the launcher), otherwise as for "login"`,
  },
  {
    words: "device tell",
    summary: "tell the person how the sign-in stands",
    help: `usage: oauth-pam device tell POLICY

Prints a sentence for the person at the prompt, if there is something to tell: before "device
finish" that they are waited for, and how long; behind it that they were refused, with the reference
of the log line, and not why. It decides nothing.

exit code: always 25 (ignore)`,
  },
  {
    words: "device finish",
    summary: "wait for the sign-in, and decide",
    help: `usage: oauth-pam device finish POLICY

Waits until the sign-in of "device start" is approved, verifies the token, and decides by the
policy. A token that was typed at the prompt is used instead.

${CODES}`,
  },
  {
    words: "outcome",
    summary: "tell how the line before it ended",
    help: `usage: oauth-pam outcome POLICY NAME…

Whether the last attempt of this PAM conversation ended with one of the names, so that a stack can
tell "the issuer is down" from "refused". Each NAME is one of:

  ${OUTCOMES.join("\n  ")}

exit codes: 0 it did (as the launcher wants to hear it), 7 it did not, or that cannot be known`,
  },
  {
    words: "ssh-keys",
    summary: "answer sshd about a certificate",
    help: `usage: oauth-pam ssh-keys [--chain] POLICY USER KEY TYPE [CONNECTION]

What sshd asks by AuthorizedKeysCommand, through the launcher pam.d.example/oauth-pam-ssh-keys:
prints the one line by which sshd takes a certificate that carries an ID token, or nothing.

  --chain    end with 3 for a key that is not such a certificate: another command knows it

exit codes: 0 a line, or not a key to be judged here (25 under the launcher), otherwise as for
"login"`,
  },
];
