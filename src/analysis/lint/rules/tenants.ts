/**
 * Issuers that serve more than one organisation, and the claims that tell which one.
 *
 * @module
 */
import type { Condition, Rule } from "../../../policy/model.ts";
import { claimName, isWildcardOnly, type LintContext } from "../context.ts";

interface Tenancy {
  readonly issuer: RegExp;
  readonly everybody: string;
  /** A condition on one of these ties the rule to a tenant, a project or a person. */
  readonly claims: readonly string[];
  /** What its tokens are known to lack. */
  readonly lacks: readonly ("auth_time" | "amr")[];
}

const PERSON = ["sub"];

const TENANCIES: readonly Tenancy[] = [
  {
    issuer: /^https:\/\/accounts\.google\.com\/?$/,
    everybody: "every Google account",
    claims: ["hd", ...PERSON],
    lacks: ["auth_time", "amr"],
  },
  {
    issuer:
      /^https:\/\/login\.microsoftonline\.com\/(?:common|organizations|consumers|9188040d-6c67-4c5b-b112-36a304b66dad)(?:\/|$)/,
    everybody: "every Microsoft account",
    claims: ["tid", "oid", ...PERSON],
    lacks: ["auth_time"],
  },
  {
    issuer: /^https:\/\/token\.actions\.githubusercontent\.com\/?$/,
    everybody: "every workflow on GitHub",
    claims: [
      "repository",
      "repository_id",
      "repository_owner",
      "repository_owner_id",
      "job_workflow_ref",
      ...PERSON,
    ],
    lacks: ["auth_time", "amr"],
  },
  {
    issuer: /^https:\/\/gitlab\.com\/?$/,
    everybody: "every account and every job on gitlab.com",
    claims: [
      "project_path",
      "project_id",
      "namespace_path",
      "namespace_id",
      "groups",
      "groups_direct",
      ...PERSON,
    ],
    lacks: ["amr"],
  },
  {
    issuer: /^https:\/\/appleid\.apple\.com\/?$/,
    everybody: "every Apple account",
    claims: PERSON,
    lacks: ["amr"],
  },
  {
    issuer: /^https:\/\/(?:www|limited)\.facebook\.com\/?$/,
    everybody: "every Facebook account",
    claims: PERSON,
    lacks: ["auth_time", "amr"],
  },
  {
    issuer: /^https:\/\/orcid\.org\/?$/,
    everybody: "everybody with an ORCID",
    claims: PERSON,
    lacks: [],
  },
  {
    issuer: /^https:\/\/cilogon\.org(?:\/|$)/,
    everybody: "every account of every federation that CILogon knows",
    claims: ["idp", "eppn", "affiliation", ...PERSON],
    lacks: [],
  },
  {
    issuer: /^https:\/\/agent\.buildkite\.com\/?$/,
    everybody: "every job on Buildkite",
    claims: ["organization_slug", "organization_id", "pipeline_id", ...PERSON],
    lacks: ["auth_time", "amr"],
  },
  {
    issuer: /^https:\/\/app\.terraform\.io\/?$/,
    everybody: "every run on HCP Terraform",
    claims: [
      "terraform_organization_id",
      "terraform_organization_name",
      "terraform_workspace_id",
      ...PERSON,
    ],
    lacks: ["auth_time", "amr"],
  },
];

export function tenancyOf(issuer: string): Tenancy | null {
  return TENANCIES.find((each) => each.issuer.test(issuer)) ?? null;
}

/** Whether the rule, or the policy's assurance, ties people to a tenant. */
export function isPinned(
  context: LintContext,
  rule: Rule,
  tenancy: Tenancy,
): boolean {
  const idps = rule.assurance.permitted_idps ??
    context.policy.assurance.permitted_idps;
  return (idps !== null && tenancy.claims.includes("idp")) ||
    rule.when.some((condition) => pins(condition, tenancy));
}

function pins(condition: Condition, tenancy: Tenancy): boolean {
  if (!tenancy.claims.includes(claimName(condition.claim))) return false;
  return condition.operator !== "none" &&
    (condition.operator !== "like" || !isWildcardOnly(condition.pattern));
}
