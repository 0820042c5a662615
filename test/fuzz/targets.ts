/**
 * Everything that is fuzzed.
 *
 * @module
 */
import type { Target } from "./target.ts";
import { pamFile, sshdConfig } from "./targets/check.ts";
import { map, policy } from "./targets/files.ts";
import {
  deviceCode,
  deviceTokens,
  discovery,
  introspection,
  jwks,
} from "./targets/issuer.ts";
import { envelope, environment, token } from "./targets/login.ts";

export const TARGETS: readonly Target[] = [
  token,
  envelope,
  environment,
  discovery,
  jwks,
  introspection,
  deviceCode,
  deviceTokens,
  policy,
  map,
  pamFile,
  sshdConfig,
];
