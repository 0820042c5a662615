/**
 * What the modules of a stack can answer, as far as that matters for who gets in.
 *
 * @module
 */
import type { PamLine } from "./file.ts";
import type { Answer } from "./walk.ts";

const REFUSALS: readonly Answer[] = [
  "auth_err",
  "user_unknown",
  "authinfo_unavail",
];
const ANYTHING: readonly Answer[] = ["success", "ignore", ...REFUSALS];

/** Modules that ask for no proof of who somebody is; all others are taken to do so. */
const NO_PROOF = new Set([
  "pam_access",
  "pam_cap",
  "pam_debug",
  "pam_echo",
  "pam_ecryptfs",
  "pam_env",
  "pam_exec",
  "pam_faildelay",
  "pam_faillock",
  "pam_gnome_keyring",
  "pam_group",
  "pam_issue",
  "pam_keyinit",
  "pam_kwallet5",
  "pam_lastlog",
  "pam_listfile",
  "pam_localuser",
  "pam_mail",
  "pam_motd",
  "pam_mount",
  "pam_nologin",
  "pam_permit",
  "pam_securetty",
  "pam_selinux",
  "pam_sepermit",
  "pam_shells",
  "pam_succeed_if",
  "pam_systemd_home",
  "pam_tally",
  "pam_tally2",
  "pam_time",
  "pam_usertype",
  "pam_warn",
  "pam_wheel",
]);

/** Whether success means that somebody has proved who they are by something else than a token. */
export function asksForProof({ module }: PamLine): boolean {
  return module !== "substack" && module !== "pam_deny" &&
    !NO_PROOF.has(module);
}

const PASSWORD_MODULES = new Set([
  "pam_google_authenticator",
  "pam_krb5",
  "pam_ldap",
  "pam_mount",
  "pam_oath",
  "pam_pwdfile",
  "pam_radius_auth",
  "pam_sss",
  "pam_tacplus",
  "pam_unix",
  "pam_unix2",
  "pam_userdb",
  "pam_winbind",
]);

/** Whether the line asks people to type something, unless somebody before it did. */
export function asksForPassword({ module, args }: PamLine): boolean {
  return PASSWORD_MODULES.has(module) && !args.includes("use_first_pass");
}

/** What a line may answer to pam_authenticate. */
export function authenticationAnswers(line: PamLine): readonly Answer[] {
  switch (line.module) {
    case "pam_deny":
      return ["auth_err"];
    case "pam_permit":
      return ["success"];
    case "pam_listfile":
      return refusesEverybody(line) ? ["auth_err"] : ["success", "auth_err"];
    case "pam_exec":
      return ["success", "system_err"];
    case "substack":
    // measured with Linux-PAM 1.5.2: these never say yes
    case "pam_env":
    case "pam_faildelay":
    case "pam_keyinit":
    case "pam_warn":
      return ["ignore"];
    default:
      return ANYTHING;
  }
}

/** A list of which /dev/null is the file lets nobody pass: it is not a regular file. */
function refusesEverybody({ args }: PamLine): boolean {
  // of a word that is there twice the last one counts
  const last = (name: string) =>
    args.findLast((word) => word.startsWith(`${name}=`));
  return last("file") === "file=/dev/null" && last("sense") === "sense=allow" &&
    !args.includes("onerr=succeed");
}

/** These have nothing to say to pam_setcred; measured with Linux-PAM 1.5.2. */
const SILENT = new Set([
  "pam_access",
  "pam_echo",
  "pam_exec",
  "pam_faildelay",
  "pam_nologin",
  "pam_succeed_if",
  "pam_usertype",
  "pam_warn",
  "substack",
]);

/** What a line may answer to pam_setcred. */
export function credentialAnswers({ module }: PamLine): readonly Answer[] {
  if (module === "pam_deny") return ["cred_err"];
  return SILENT.has(module) ? ["ignore"] : ["success", "ignore"];
}
