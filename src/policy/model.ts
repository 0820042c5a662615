/**
 * The policy as every verb sees it: parsed, checked, with all defaults filled in.
 *
 * It is plain JSON data (no Map, no class), so that it can be embedded in the program at build
 * time and printed by `policy show --effective`. Durations are whole seconds. What a key means
 * stands in its row in `syntax/schema.ts`, from which these types come.
 *
 * @module
 */
import type { IdentityAttribute } from "./identity_claims.ts";
import type {
  Algorithm,
  Kind,
  KIND_ROWS,
  KindKey,
  OpaqueKind,
} from "./kinds.ts";
import type { AssuranceSettings, RuleSettings } from "./syntax/rule_schema.ts";
import type {
  DeviceSettings,
  IssuerSettings,
  PolicySettings,
  SshCertificatesSettings,
} from "./syntax/schema.ts";

type Frozen<T> = T extends object
  ? { readonly [Key in keyof T]: Frozen<T[Key]> }
  : T;

/** `null` stands for what is left out and has no default. */
export type Filled<Settings> = {
  readonly [Key in keyof Settings]-?: undefined extends Settings[Key]
    ? Frozen<Exclude<Settings[Key], undefined>> | null
    : Frozen<Settings[Key]>;
};

/** Nothing is left out. */
type Complete<Settings> = {
  readonly [Key in keyof Settings]-?: Frozen<Exclude<Settings[Key], undefined>>;
};

/** Where an issuer keeps what rules talk about: a claim's name, or a JSON Pointer (RFC 6901). */
export type ClaimLocations = Complete<IssuerSettings["claims"]>;

/** Device sign-in (RFC 8628) at an issuer. */
export interface Device
  extends Omit<Filled<DeviceSettings>, "parameters" | "token"> {
  readonly token: NonNullable<DeviceSettings["token"]>;
  /** Further parameters of the authorization request, such as a preferred identity provider. */
  readonly parameters: readonly {
    readonly name: string;
    readonly value: string;
  }[];
}

/** How certificates with an ID token are read. */
export type SshCertificates = Filled<SshCertificatesSettings>;

/** The keys of every kind. */
interface AnyIssuer extends
  Omit<
    Filled<IssuerSettings>,
    "algorithms" | "claims" | "mfa" | "device" | "ssh_certificates"
  > {
  /** The local name, used in rules and logs. */
  readonly name: string;
  readonly algorithms: readonly Algorithm[];
  readonly claims: ClaimLocations;
  readonly mfa: Complete<IssuerSettings["mfa"]>;
  readonly device: Device | null;
  readonly ssh_certificates: SshCertificates | null;
}

type Keys<K extends Kind> = typeof KIND_ROWS[K]["keys"][number];
type Needs<K extends Kind> = typeof KIND_ROWS[K]["needs"][number];

/** An issuer of one kind: it has the keys of its kind, and those that the kind needs are there. */
export type IssuerOf<K extends Kind> =
  & Omit<AnyIssuer, KindKey | "kind">
  & { readonly kind: K }
  & Pick<AnyIssuer, Exclude<Keys<K>, Needs<K>>>
  & { readonly [Key in Needs<K>]: NonNullable<AnyIssuer[Key]> };

/** Who may vouch for users. */
export type Issuer = { [K in Kind]: IssuerOf<K> }[Kind];

/** One whose tokens are verified here. */
export type LocalIssuer = Exclude<Issuer, { readonly kind: OpaqueKind }>;

/** One that is asked about each of its tokens. */
export type AskedIssuer = Extract<Issuer, { readonly kind: OpaqueKind }>;

/** Where the discovery document lies; `null` for its place below the issuer. */
export function discoveryUrlOf(issuer: Issuer): string | null {
  return "discovery_url" in issuer ? issuer.discovery_url : null;
}

/**
 * Where attempts by certificate are recorded: the user as whom sshd asks may write below its own directory
 * alone, and there at the same place as others below the cache directory. `null` where nothing is.
 */
export function keysAuditFile(
  { audit, cache }: Pick<Policy, "audit" | "cache">,
): string | null {
  return audit &&
    cache.ssh_keys_directory + audit.file.slice(cache.directory.length);
}

/** Whether people may show SSH certificates that carry their ID token. */
export function takesCertificates(
  { issuers }: { readonly issuers: readonly object[] },
): boolean {
  return issuers.some((issuer) =>
    "ssh_certificates" in issuer && (issuer.ssh_certificates ?? null) !== null
  );
}

/** Requirements on how and when the user authenticated. `null` and `false` require nothing. */
export type Assurance = Filled<AssuranceSettings>;

/** Asks for nothing. */
export const NO_ASSURANCE: Assurance = {
  permitted_idps: null,
  mfa: false,
  max_auth_age: null,
  same_identity: false,
};

export type Scalar = string | number | boolean;

/** One comparison of one claim. `claim` is a name, a JSON Pointer, or one of the located names. */
export type Condition =
  | {
    readonly claim: string;
    readonly operator: "any" | "all" | "none" | "in";
    readonly values: readonly Scalar[];
  }
  | {
    readonly claim: string;
    readonly operator: "like";
    readonly pattern: string;
  }
  | {
    readonly claim: string;
    readonly operator: "equals";
    readonly value: Scalar;
  }
  | {
    readonly claim: string;
    readonly operator: "word" | "has";
    readonly text: string;
  };

/** Which local accounts an identity may use; a rule's entries are united. */
export type AccountSource =
  | {
    readonly source: "claim";
    readonly claim: string;
    readonly strip_suffix: string | null;
  }
  | {
    readonly source: "identity";
    readonly attribute: IdentityAttribute;
    readonly strip_suffix: string | null;
  }
  | {
    readonly source: "map";
    readonly map: readonly MapEntry[];
    readonly keys: readonly string[];
  }
  | {
    readonly source: "map_file";
    readonly path: string;
    readonly keys: readonly string[];
  }
  | { readonly source: "names"; readonly names: readonly string[] };

interface MapEntry {
  readonly key: string;
  readonly accounts: readonly string[];
}

export interface Rule
  extends Omit<Filled<RuleSettings>, "when" | "assurance" | "accounts"> {
  readonly id: string;
  readonly when: readonly Condition[];
  readonly assurance: Assurance;
  /** `null` (deny rules only): every account. */
  readonly accounts: readonly AccountSource[] | null;
}

/** What a rule means where nothing else is written in it. */
export const USUAL_RULE = {
  description: null,
  effect: "allow",
  issuers: null,
  services: null,
  rhosts: null,
  not_after: null,
  assurance: NO_ASSURANCE,
  allow_protected: false,
  ssh: null,
} as const satisfies Partial<Rule>;

export interface Policy extends
  Omit<
    Filled<PolicySettings>,
    | "issuers"
    | "assurance"
    | "rules"
    | "never"
    | "defaults"
    | "tests"
    | "tables"
  > {
  readonly issuers: readonly Issuer[];
  readonly assurance: Assurance;
  readonly rules: readonly Rule[];
}
