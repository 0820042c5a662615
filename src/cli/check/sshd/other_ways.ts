/**
 * `check`: what sshd admits people by without asking PAM who they are.
 *
 * @module
 */
import type { Finding } from "../../../policy/diagnostic.ts";
import { fine, type Noted, orFine } from "../finding.ts";
import type { SshdSetting } from "./config.ts";
import { effective } from "./findings.ts";
import { listsOf } from "./key_ways.ts";
import type { Sshd } from "./keys_command.ts";

const WAYS = [
  ["gssapi", "GSSAPIAuthentication", "gssapi-with-mic", "a Kerberos ticket"],
  ["host-based", "HostbasedAuthentication", "hostbased", "a trusted host"],
] as const;

/** Public keys and their like never meet the policy, unless sshd demands a token beside them. */
export function otherWays(sshd: Sshd): Noted[] {
  const { config } = sshd;
  const methods = config.first("authenticationmethods");
  const lists = methods === undefined ? [["any"]] : listsOf(methods);
  const open = (method: string) =>
    lists.some((list) =>
      !list.includes("keyboard-interactive") &&
      (list[0] === "any" || list.includes(method))
    );
  const ways = WAYS.flatMap(([id, name, method, what]) => {
    const setting = effective(config, name.toLowerCase(), null);
    if (setting === undefined || isNo(setting) || !open(method)) return [];
    return [found(setting, {
      id: `other-way/${id}`,
      message:
        `${name} is "${setting.value}": whoever has ${what} gets in without a token, whatever the policy says`,
      hint: DEMAND,
    })];
  });
  const names = config.first("usedns");
  const others = [...(open("publickey") ? keyWays(sshd) : []), ...ways];
  return [
    ...orFine(
      others,
      fine(
        "other-way/public-key",
        "outside of Match blocks no key, ticket or trusted host lets anybody in without a token",
        { file: config.path },
      ),
    ),
    ...(names?.value.toLowerCase() === "yes"
      ? [found(names, {
        id: "other-way/use-dns",
        message:
          'UseDNS is "yes": PAM gets names in place of addresses, which whoever owns the address chooses',
        hint: "UseDNS no",
      })]
      : []),
  ];
}

const DEMAND =
  "AuthenticationMethods keyboard-interactive, and a Match block for one emergency account";

/** Keys that somebody else than our command knows. */
function keyWays({ config, commands }: Sshd): Finding[] {
  const keys = effective(config, "pubkeyauthentication", null);
  if (keys === undefined || isNo(keys)) return [];
  const ours = commands.ownFor(null);
  const all: Finding[] = [];
  const files = effective(config, "authorizedkeysfile", null);
  if (files !== undefined && !isNone(files)) {
    all.push(
      ours === undefined
        ? found(keys, {
          id: "other-way/public-key",
          message:
            `PubkeyAuthentication is "${keys.value}": whoever has a key gets in without a token, whatever the policy says`,
          hint: DEMAND,
        })
        : found(files, {
          id: "other-way/public-key",
          message:
            `AuthorizedKeysFile is "${files.value}": whoever has a key there gets in without a certificate, ` +
            "whatever the policy says",
          hint:
            "AuthorizedKeysFile none, and a Match block for one emergency account",
        }),
    );
  }
  const command = config.first("authorizedkeyscommand");
  if (command !== undefined && !isNone(command)) {
    const other = ours === undefined ? command.value : ours.chain;
    if (other !== null) {
      all.push(found(command, {
        id: "other-way/keys-command",
        message:
          `AuthorizedKeysCommand asks "${other}": whoever has a key that it knows gets in without a token, ` +
          "whatever the policy says",
        hint: ours === undefined ? DEMAND : "remove --chain and its command",
      }));
    }
  }
  const authority = config.first("trustedusercakeys");
  if (authority !== undefined && !isNone(authority)) {
    all.push(found(authority, {
      id: "other-way/certificate-authority",
      message:
        `TrustedUserCAKeys is "${authority.value}": whoever has a certificate of that authority gets in ` +
        "without a token, whatever the policy says",
      hint: DEMAND,
    }));
  }
  return all;
}

function isNo({ value }: SshdSetting): boolean {
  return value.toLowerCase() === "no";
}

function isNone({ value }: SshdSetting): boolean {
  return value.toLowerCase() === "none";
}

function found(
  { file, line }: SshdSetting,
  rest: { id: string; message: string; hint: string },
): Finding {
  return {
    ...rest,
    level: "warning",
    file,
    ...(line === 0 ? {} : { line }),
  };
}
