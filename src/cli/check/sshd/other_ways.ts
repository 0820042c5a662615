/**
 * `check`: what sshd admits people by without asking PAM who they are.
 *
 * @module
 */
import type { Finding } from "../../../policy/diagnostic.ts";
import type { SshdConfig, SshdSetting } from "./config.ts";

interface Settings {
  values(keyword: string): readonly SshdSetting[];
}

const WAYS = [
  ["public-key", "PubkeyAuthentication", "a key"],
  ["gssapi", "GSSAPIAuthentication", "a Kerberos ticket"],
  ["host-based", "HostbasedAuthentication", "a trusted host"],
] as const;

/** Public keys and their like never meet the policy, unless sshd demands a token beside them. */
export function otherWays(
  config: SshdConfig,
  settings: Settings,
): Finding[] {
  const methods = config.first("authenticationmethods");
  const demanded = methods !== undefined &&
    methods.value.toLowerCase().split(/\s+/).every((list) =>
      /(?:^|,)keyboard-interactive(?::|,|$)/.test(list)
    );
  const noKeys = config.first("authorizedkeysfile")?.value === "none";
  const ways = demanded ? [] : WAYS.flatMap(([id, name, what]) => {
    const keyword = name.toLowerCase();
    const [setting] = settings.values(keyword);
    if (setting === undefined || setting.match !== null) return [];
    if (setting.value.toLowerCase() === "no") return [];
    if (keyword === "pubkeyauthentication" && noKeys) return [];
    return [found(setting, {
      id: `other-way/${id}`,
      message:
        `${name} is "${setting.value}": whoever has ${what} gets in without a token, whatever the policy says`,
      hint:
        "AuthenticationMethods keyboard-interactive, and a Match block for one emergency account",
    })];
  });
  const names = config.first("usedns");
  return [
    ...ways,
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
