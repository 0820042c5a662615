/**
 * A site whose accounts are full names, as SSSD, winbind or authd have them: the account is what the
 * token says, and the launcher told what the host knows of it.
 *
 * @module
 */
import type { AttemptOptions } from "./login.ts";
import { type Scene, type SceneOptions, setScene } from "./attack.ts";

/** The scene in which `preferred_username` is the account, as it is. */
export function setFullNames(
  pattern: "sssd" | "relaxed",
  options: SceneOptions = {},
): Promise<Scene> {
  return setScene({
    ruleLines: ["  - {claim: preferred_username}"],
    ...options,
    lines: [`accounts_pattern: ${pattern}`],
  });
}

/** Somebody asks for the account, and the host says of it what is given: `uid:name`, or nothing. */
export function asks(
  user: string,
  host = `200500:${user}`,
): Pick<AttemptOptions, "user" | "env"> {
  return { user, env: { OAUTH_PAM_ACCOUNT: host } };
}

/** A token of whoever is called so. */
export function tokenOf(
  scene: Scene,
  preferred_username: string,
): Promise<string> {
  return scene.token({
    claims: { email: "somebody@example.edu", preferred_username },
  });
}
