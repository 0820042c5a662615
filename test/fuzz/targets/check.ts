/**
 * What `check` reads of a host: sshd_config, and PAM's files.
 *
 * @module
 */
import { utf8 } from "../oracle.ts";
import type { Target } from "../target.ts";
import type { World } from "../world.ts";
import { POLICY } from "./login.ts";

const STACK = `# sshd with a token that is pasted
auth [success=done ignore=ignore default=die] pam_exec.so quiet expose_authtok @LAUNCHER@ login @ROOT@/policy.yaml
auth requisite pam_listfile.so item=user sense=allow file=/dev/null onerr=fail
account required pam_nologin.so
@include common-account
session required pam_permit.so
`;
const SSHD = `UsePAM yes
KbdInteractiveAuthentication yes
PasswordAuthentication no
LoginGraceTime 120
PubkeyAuthentication no
`;

async function hostWith(
  { stack, config }: {
    stack: string | Uint8Array<ArrayBuffer>;
    config: string | Uint8Array<ArrayBuffer>;
  },
  world: World,
) {
  const { host } = world;
  const policy = await world.write("policy.yaml", POLICY);
  const put = async (path: string, content: string | Uint8Array) => {
    if (typeof content === "string") {
      content = new TextEncoder().encode(filled(content, world));
    }
    await Deno.writeFile(path, content);
  };
  await put(`${host.serviceDir}/sshd`, stack);
  await put(
    `${host.serviceDir}/common-account`,
    "account required pam_unix.so\n",
  );
  await put(`${host.directory}/sshd_config`, config);
  return {
    verb: "check",
    args: [
      policy,
      ...["--pam-dir", host.serviceDir],
      ...["--ssh-config", `${host.directory}/sshd_config`],
      ...["--format", "json"],
    ],
  } as const;
}

function filled(text: string, world: World): string {
  return world.fill(text.replaceAll("@LAUNCHER@", world.host.launcher));
}

/** Lines as PAM sees them, without comments. */
function linesOf(bytes: Uint8Array): string[] {
  return (utf8(bytes) ?? "").split("\n").map((line) =>
    line.replace(/#.*$/, "")
  );
}

export const pamFile: Target = {
  name: "pam-file",
  seeds: [
    STACK,
    STACK.replace("auth requisite", "@include common-account\nauth requisite"),
    STACK.replace("[success=done ignore=ignore default=die]", "sufficient"),
  ],
  words: [
    ...["auth", "account", "-auth", "required", "requisite", "sufficient"],
    ...["optional", "include", "substack", "@include common-account", "\\\n"],
    ...[
      "[success=1 default=ignore]",
      "[default=die]",
      "[success=999]",
      "[",
      "]",
    ],
    ...["pam_permit.so", "pam_deny.so", "pam_exec.so", "pam_unix.so nullok"],
    ...["quiet", "stdout", "expose_authtok", "type=auth", "seteuid", "log=/x"],
    ...["@include sshd", "auth include sshd", "/usr/lib/security/pam_exec.so"],
  ],
  encode: filled,
  place: (bytes, world) => hostWith({ stack: bytes, config: SSHD }, world),
  mayBeYes(bytes, world) {
    const joined = linesOf(bytes).join("\n").replaceAll("\\\n", " ");
    return joined.split("\n").some((line) =>
      /^\s*-?auth\s/i.test(line) && line.includes("pam_exec") &&
      line.includes(world.host.launcher) && !/\soptional\s/i.test(line)
    );
  },
};

export const sshdConfig: Target = {
  name: "sshd-config",
  seeds: [
    SSHD,
    `${SSHD}Match User rescue\n  AuthenticationMethods publickey\n`,
    SSHD.replace("UsePAM yes", 'usepam = "yes" # PAM'),
  ],
  words: [
    ...[
      "UsePAM no\n",
      "UsePAM yes\n",
      "usepam=no\n",
      'UsePAM "yes"\n',
      "Match all\n",
    ],
    ...[
      "Match User bob\n",
      "Include /etc/ssh/none\n",
      "Include *\n",
      "=",
      '"',
      "'",
    ],
    ...[
      "KbdInteractiveAuthentication no\n",
      "LoginGraceTime 10\n",
      "1m30s",
      "#",
    ],
    ...["AuthenticationMethods publickey\n", "PasswordAuthentication yes\n"],
    ...["AuthorizedKeysCommand /usr/bin/oauth-pam-ssh-keys %u %k %t\n"],
    ...["AuthorizedKeysCommandUser root\n", "CASignatureAlgorithms -*\n"],
    ...["PubkeyAcceptedAlgorithms !*,[\n", "AuthorizedKeysCommand '%C \\"],
    ...["ChallengeResponseAuthentication no\n", "\\\n", "Port 22\n", "Banner"],
  ],
  encode: filled,
  place: (bytes, world) => hostWith({ stack: STACK, config: bytes }, world),
  mayBeYes(bytes) {
    const lines = linesOf(bytes);
    const block = lines.findIndex((line) => /^\s*Match\b/i.test(line));
    const found = lines.slice(0, block < 0 ? undefined : block).find((line) =>
      /^\s*usepam\b/i.test(line)
    );
    return found !== undefined && /\byes\b/i.test(found);
  },
};
