/**
 * The shape of an issuer in a policy file.
 *
 * @module
 */
import * as v from "valibot";
import { mapping, record } from "./mapping.ts";
import { ALGORITHMS, KINDS } from "../model.ts";
import {
  AbsolutePath,
  ClaimName,
  Duration,
  HostName,
  list,
  Text,
} from "./schema_values.ts";

const Count = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10000));

const DeviceSchema = mapping({
  client_id: v.pipe(
    Text,
    v.description("the client that the issuer knows for device sign-in"),
  ),
  client_secret_file: v.optional(v.nullable(AbsolutePath)),
  scopes: v.optional(list(Text)),
  prompt: v.optional(
    v.nullable(
      v.pipe(
        Text,
        v.maxLength(200),
        v.regex(/^[ -~]*$/, "only printable ASCII"),
        v.description("a line of the site's own above the URL"),
      ),
    ),
  ),
  token: v.optional(
    v.pipe(
      v.picklist(["id_token", "access_token"]),
      v.description("which of the issued tokens is verified and decides"),
    ),
  ),
  acr_values: v.optional(v.array(Text, "must be a list")),
  parameters: v.optional(record(Text, v.string())),
  timeout: v.optional(
    v.pipe(
      Duration,
      v.description("for the whole sign-in; below sshd's LoginGraceTime"),
    ),
  ),
  qr: v.optional(v.boolean()),
  starts_per_source: v.optional(
    v.pipe(Count, v.description("starts a minute from one source address")),
  ),
  starts_total: v.optional(
    v.pipe(Count, v.description("starts a minute in all")),
  ),
});

export const IssuerSchema = mapping({
  issuer: v.pipe(
    Text,
    v.description("the issuer's URL exactly as it stands in the claim iss"),
  ),
  audiences: v.pipe(
    list(Text),
    v.description("the token's aud must contain one of these"),
  ),
  kind: v.optional(
    v.pipe(v.picklist(KINDS), v.description("how its tokens are verified")),
  ),
  algorithms: v.optional(list(v.picklist(ALGORITHMS))),
  types: v.optional(v.pipe(list(Text), v.description("accepted typ headers"))),
  clock_skew: v.optional(Duration),
  max_token_age: v.optional(v.pipe(Duration, v.description("time since iat"))),
  jwks_ttl: v.optional(Duration),
  jwks_stale: v.optional(Duration),
  hosts: v.optional(v.array(HostName, "must be a list")),
  ca_file: v.optional(v.nullable(AbsolutePath)),
  proxy: v.optional(v.nullable(Text)),
  one_time: v.optional(v.boolean()),
  scopes: v.optional(v.array(Text, "must be a list")),
  allow_confirmation: v.optional(v.boolean()),
  allow_delegation: v.optional(v.boolean()),
  any_audience: v.optional(
    v.pipe(
      v.boolean(),
      v.description("scitokens, wlcg: a token for any audience is for us too"),
    ),
  ),
  client_id: v.optional(Text),
  client_secret_file: v.optional(AbsolutePath),
  introspection_endpoint: v.optional(v.nullable(Text)),
  fqdns: v.optional(
    v.pipe(
      v.array(HostName, "must be a list"),
      v.description("globus: host names whose ssh scope admits"),
    ),
  ),
  device: v.optional(v.nullable(DeviceSchema)),
  claims: v.optional(mapping({
    groups: v.optional(ClaimName),
    idp: v.optional(ClaimName),
    auth_time: v.optional(ClaimName),
    amr: v.optional(ClaimName),
    acr: v.optional(ClaimName),
  })),
  mfa: v.optional(mapping({
    amr_any: v.optional(v.array(Text, "must be a list")),
    acr_any: v.optional(v.array(Text, "must be a list")),
  })),
});

export type DeviceDocument = v.InferOutput<typeof DeviceSchema>;
export type IssuerDocument = v.InferOutput<typeof IssuerSchema>;
