/**
 * What is publicly known of providers: whom they vouch for, what their tokens have and lack, and
 * which audiences many of their tokens share.
 *
 * Only what a provider documents stands here, with the document. What is not here is not known,
 * which never is a reason to let somebody in: these facts make findings and hints, no decisions, and
 * no proof rests on them. A search only prefers the requests that they allow.
 *
 * @module
 */
import { shown } from "../lib/text.ts";

interface Audience {
  readonly audience: RegExp;
  /** Whose tokens have it, to follow "is the audience of". */
  readonly whose: string;
  /** Whether it is what the provider gives to its applications by default, for want of another. */
  readonly usual: boolean;
}

/** A provider whose subjects are jobs of many projects, and what tells them apart. */
interface Jobs {
  /** What "sub" begins with, in front of the project. */
  readonly prefix: string;
  /** Claims that hold the project as it stands in "sub". */
  readonly project: readonly string[];
  /** A condition on one of these names a single project. */
  readonly single: readonly string[];
  /** A condition on one of these says on which branch, for what or where the job runs. */
  readonly occasion: readonly string[];
  /** What "sub" ends in for the occasion that most people can bring about. */
  readonly anybody: string;
}

export interface Provider {
  readonly name: string;
  readonly issuer: RegExp;
  /** Whom the issuer vouches for, where that is more than one organisation. */
  readonly everybody: string | null;
  /** A condition on one of these ties a rule to a tenant, a project or a person. */
  readonly tenants: readonly string[];
  /** Claims that none of its tokens have. */
  readonly never: readonly string[];
  /** Claims that are texts, although they hold numbers or say yes or no. */
  readonly texts: readonly string[];
  /** Claims of which it is not documented that its tokens have them. */
  readonly lacks: readonly ("auth_time" | "amr")[];
  /** Claims that its tokens have only where somebody set that up. */
  readonly optional: readonly string[];
  readonly audiences: readonly Audience[];
  /** The claim that says what "email_verified" says elsewhere. */
  readonly verified: string | null;
  /** What tells a person for good where it is not "sub", to follow "use". */
  readonly stable: string | null;
  readonly jobs: Jobs | null;
  /** What its tokens have as "iss", where it never is the address itself. */
  readonly instead: string | null;
}

const UNKNOWN = {
  everybody: null,
  tenants: [],
  never: [],
  texts: [],
  lacks: [],
  optional: [],
  audiences: [],
  verified: null,
  stable: null,
  jobs: null,
  instead: null,
} as const;

const PERSON = "sub";

// "ID token claims reference", "Access token claims reference" and "Optional claims reference" of
// the Microsoft identity platform: auth_time is optional, amr is in v1.0 tokens alone, nothing is
// called email_verified; "Secure applications and APIs by validating claims": oid with tid
const MICROSOFT = {
  ...UNKNOWN,
  never: ["email_verified"],
  optional: ["auth_time"],
  audiences: [{
    audience:
      /^(?:https:\/\/graph\.microsoft\.com\/?|00000003-0000-0000-c000-000000000000)$/,
    whose: "every application that may call Microsoft Graph",
    usual: false,
  }],
  verified: "xms_edov",
  stable: '"oid" together with "tid"',
} as const;

const TENANT = "https://login.microsoftonline.com/TENANT/v2.0";

const PROVIDERS: readonly Provider[] = [
  {
    // "OpenID Connect" of Google for developers, the payload of an ID token
    ...UNKNOWN,
    name: "Google",
    issuer: /^https:\/\/accounts\.google\.com\/?$/,
    everybody: "every Google account",
    tenants: ["hd", PERSON],
    never: ["groups", "roles", "preferred_username"],
    lacks: ["auth_time", "amr"],
  },
  {
    ...MICROSOFT,
    name: "Microsoft",
    issuer:
      /^https:\/\/login\.microsoftonline\.com\/(?:common|organizations|consumers)(?:\/|$)/,
    everybody: "every Microsoft account",
    tenants: ["tid", "oid", PERSON],
    lacks: ["auth_time"],
    instead: TENANT,
  },
  {
    // the tenant of all personal accounts
    ...MICROSOFT,
    name: "Microsoft",
    issuer:
      /^https:\/\/login\.microsoftonline\.com\/9188040d-6c67-4c5b-b112-36a304b66dad(?:\/|$)/,
    everybody: "every Microsoft account",
    tenants: ["oid", PERSON],
    lacks: ["auth_time"],
  },
  {
    ...MICROSOFT,
    name: "Entra ID",
    issuer: /^https:\/\/login\.microsoftonline\.com\/[^/{}]+\/v2\.0\/?$/,
    lacks: ["amr"],
  },
  {
    // v1.0 tokens are sts.windows.net's
    ...MICROSOFT,
    name: "Entra ID",
    issuer: /^https:\/\/login\.microsoftonline\.com\//,
    instead: TENANT,
  },
  {
    ...MICROSOFT,
    name: "Entra ID",
    issuer: /^https:\/\/sts\.windows\.net\//,
  },
  {
    // "OpenID Connect reference" of GitHub Actions: the claims, the default audience, "sub"
    ...UNKNOWN,
    name: "GitHub Actions",
    issuer: /^https:\/\/token\.actions\.githubusercontent\.com\/?$/,
    everybody: "every workflow on GitHub",
    tenants: [
      "repository",
      "repository_id",
      "repository_owner",
      "repository_owner_id",
      "job_workflow_ref",
      PERSON,
    ],
    never: ["groups", "email", "email_verified", "preferred_username"],
    texts: [
      "repository_id",
      "repository_owner_id",
      "actor_id",
      "run_id",
      "run_number",
      "run_attempt",
      "ref_protected",
    ],
    lacks: ["auth_time", "amr"],
    audiences: [{
      audience: /^https:\/\/github\.com\/[^/]+\/?$/,
      whose: "every job that names none, for whomever it was meant",
      usual: true,
    }],
    jobs: {
      prefix: "repo:",
      project: ["repository"],
      single: [
        "repository",
        "repository_id",
        "workflow_ref",
        "job_workflow_ref",
      ],
      occasion: [
        "ref",
        "environment",
        "workflow_ref",
        "job_workflow_ref",
        "event_name",
      ],
      anybody: "pull_request",
    },
  },
  {
    // "OpenID Connect (OIDC) Authentication Using ID Tokens" of GitLab: "sub" of a job
    ...UNKNOWN,
    name: "GitLab",
    issuer: /^https:\/\/gitlab\.com\/?$/,
    everybody: "every account and every job on gitlab.com",
    tenants: [
      "project_path",
      "project_id",
      "namespace_path",
      "namespace_id",
      "groups",
      "groups_direct",
      PERSON,
    ],
    texts: [
      "project_id",
      "namespace_id",
      "user_id",
      "pipeline_id",
      "job_id",
      "ref_protected",
      "environment_protected",
    ],
    lacks: ["amr"],
    jobs: {
      prefix: "project_path:",
      project: ["project_path"],
      single: ["project_path", "project_id", "ci_config_ref_uri"],
      occasion: [
        "ref",
        "ref_path",
        "ref_protected",
        "environment",
        "ci_config_ref_uri",
      ],
      anybody: "ref_type:branch:ref:anything",
    },
  },
  {
    // "Sign in with Apple REST API", the claims of an identity token
    ...UNKNOWN,
    name: "Apple",
    issuer: /^https:\/\/appleid\.apple\.com\/?$/,
    everybody: "every Apple account",
    tenants: [PERSON],
    never: ["groups", "preferred_username"],
    lacks: ["amr"],
  },
  {
    ...UNKNOWN,
    name: "Facebook",
    issuer: /^https:\/\/(?:www|limited)\.facebook\.com\/?$/,
    everybody: "every Facebook account",
    tenants: [PERSON],
    lacks: ["auth_time", "amr"],
  },
  {
    ...UNKNOWN,
    name: "ORCID",
    issuer: /^https:\/\/orcid\.org\/?$/,
    everybody: "everybody with an ORCID",
    tenants: [PERSON],
  },
  {
    ...UNKNOWN,
    name: "CILogon",
    issuer: /^https:\/\/cilogon\.org(?:\/|$)/,
    everybody: "every account of every federation that CILogon knows",
    tenants: ["idp", "eppn", "affiliation", PERSON],
  },
  {
    ...UNKNOWN,
    name: "Buildkite",
    issuer: /^https:\/\/agent\.buildkite\.com\/?$/,
    everybody: "every job on Buildkite",
    tenants: ["organization_slug", "organization_id", "pipeline_id", PERSON],
    lacks: ["auth_time", "amr"],
  },
  {
    ...UNKNOWN,
    name: "HCP Terraform",
    issuer: /^https:\/\/app\.terraform\.io\/?$/,
    everybody: "every run on HCP Terraform",
    tenants: [
      "terraform_organization_id",
      "terraform_organization_name",
      "terraform_workspace_id",
      PERSON,
    ],
    lacks: ["auth_time", "amr"],
  },
  {
    // "Server Administration Guide" of Keycloak, "Audience support": a client is an audience of
    // whoever has a role of it, and everybody has roles of the client "account" from the start
    ...UNKNOWN,
    name: "Keycloak",
    issuer: /^https:\/\/[^/]+\/(?:.+\/)?realms\/[^/]+$/,
    audiences: [{
      audience: /^account$/,
      whose: "every access token of a Keycloak realm",
      usual: false,
    }],
  },
  {
    // "Access tokens" of Auth0: with the scope openid, the userinfo endpoint is an audience too
    ...UNKNOWN,
    name: "Auth0",
    issuer: /^https:\/\/[^/]+\.auth0\.com\/$/,
    audiences: [{
      audience: /^https:\/\/[^/]+\/userinfo$/,
      whose: "every access token of the tenant that has the scope openid",
      usual: false,
    }],
  },
  {
    // "Authorization servers" of Okta: the default one serves all APIs
    ...UNKNOWN,
    name: "Okta",
    issuer: /^https:\/\/[^/]+\.okta\.com\/oauth2\/default$/,
    audiences: [{
      audience: /^api:\/\/default$/,
      whose: "every client of Okta's default authorization server",
      usual: true,
    }],
  },
];

/** What is known of an issuer; `null`: nothing. The first pattern that fits counts. */
export function providerOf(issuer: string): Provider | null {
  return PROVIDERS.find((each) => each.issuer.test(issuer)) ?? null;
}

/** Why tokens of an issuer lack a claim, where it is known; the claim by its location. */
export function whyMissing(location: string, issuer: string): string | null {
  const provider = providerOf(issuer);
  if (provider === null) return null;
  const { name, never, lacks, optional, verified } = provider;
  if (location === "email_verified" && verified !== null) {
    return `${name} never sends "email_verified": ask for ${shown(verified)}`;
  }
  if (never.includes(location)) {
    return `${name} never sends ${shown(location)}`;
  }
  if (optional.includes(location)) {
    return `${name} sends ${shown(location)} only where it is set up to`;
  }
  return lacks.some((claim) => claim === location)
    ? `${name} is not known to send ${shown(location)}`
    : null;
}

/** The claims that each provider is known to send, by its name. */
export function claimsOfProviders(): Map<string, string[]> {
  const claims = new Map<string, string[]>();
  for (const provider of PROVIDERS) {
    const { name, tenants, texts, optional, verified, jobs } = provider;
    const known = [
      ...tenants,
      ...texts,
      ...optional,
      ...verified === null ? [] : [verified],
      ...jobs === null
        ? []
        : [...jobs.project, ...jobs.single, ...jobs.occasion],
    ];
    claims.set(name, [...new Set([...claims.get(name) ?? [], ...known])]);
  }
  return claims;
}
