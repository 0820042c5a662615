/**
 * oauth-pam-key(1): a certificate for ssh, on a person's own machine.
 *
 * @module
 */
import { type Command, usages } from "../../../cli/command.ts";
import type { ManPage } from "../mdoc.ts";
import { exitBlock, optionBlocks, textBlocks, usageBlock } from "./command.ts";

export function keyPage(
  command: Command,
  { program, date }: Pick<ManPage, "program" | "date">,
): ManPage {
  return {
    name: "oauth-pam-key",
    section: 1,
    summary: "sign in and give ssh-agent a certificate for ssh",
    program,
    date,
    sections: [
      ["SYNOPSIS", [usageBlock("key", usages("key", command))]],
      ["DESCRIPTION", [
        ...textBlocks(command.about),
        {
          text:
            "The issuer's address and the client's id are what the administrator of the hosts says; they stand in the policy of each host, see oauth-pam-policy(5). The options are:",
        },
        ...optionBlocks(command),
        ...textBlocks(command.notes ?? ""),
        { heading: "Logging in by certificate" },
        {
          steps: [
            [
              {
                text:
                  "There must be an ssh-agent: `ssh-add -l` says so if not, and `eval $(ssh-agent)` starts one.",
              },
            ],
            [
              {
                text:
                  "`oauth-pam key` with the issuer and the client shows an address and opens it in your browser. Sign in there. On a machine without a browser, add `--device` and open the address elsewhere.",
              },
            ],
            [
              {
                text:
                  "`ssh` to the host as always. `ssh-add -L` shows the certificate, and `oauth-pam token inspect` what it says.",
              },
            ],
          ],
        },
        {
          text:
            "With the lines above in ~/.ssh/config ssh renews the certificate by itself when it must.",
        },
        { heading: "Logging in by a code" },
        {
          text:
            `Where a host asks for a sign-in by code, or this program is not to be had, plain \`ssh\` will do: it shows an address and a code. Open the address in any browser, enter the code, sign in, come back, leave the line empty and press Enter.

Do so only if you started this login yourself: whoever has you approve their code is let in as you.`,
        },
      ]],
      ["ENVIRONMENT", [{
        list: [
          { head: "`SSH_AUTH_SOCK`", text: "The socket of ssh-agent." },
          {
            head: "`BROWSER`",
            text:
              "The browser to open, where it is one that is known; otherwise xdg-open or open.",
          },
          {
            head: "`DISPLAY`, `WAYLAND_DISPLAY`",
            text:
              "Whether there is a screen for a browser; without one the address is only printed.",
          },
          { head: "`NO_COLOR`", text: "If set, no colours." },
        ],
      }]],
      ["FILES", [{
        list: [
          { head: "~/.ssh/config", text: "Where the lines above go." },
        ],
      }]],
      ["EXIT STATUS", [
        exitBlock(command),
        { text: "A defect ends with 70." },
      ]],
      ["EXAMPLES", [
        { text: "Sign in, and look at what there is:" },
        {
          code:
            "$ oauth-pam key --issuer https://login.example.edu --client-id ssh\n$ ssh-add -L\n$ ssh alice@ssh.example.edu",
        },
        {
          text:
            "On a machine without a browser, with a claim that the hosts' rules use, for a working day:",
        },
        {
          code:
            '$ oauth-pam key --issuer https://login.example.edu --client-id ssh \\\n      --device --scope "openid email groups" --lifetime 8h',
        },
      ]],
    ],
    seeAlso: [
      ["ssh", 1],
      ["ssh-add", 1],
      ["ssh-agent", 1],
      ["oauth-pam-policy", 5],
      ["ssh_config", 5],
      ["oauth-pam", 8],
    ],
  };
}
