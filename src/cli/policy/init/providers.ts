/**
 * Policies to start from for providers that many sites use, with their tests: those of `policies/`,
 * as they are written there.
 *
 * @module
 */
import auth0 from "../../../../policies/auth0.yaml" with { type: "text" };
import auth0Tests from "../../../../policies/auth0.test.yaml" with {
  type: "text",
};
import cilogon from "../../../../policies/cilogon.yaml" with { type: "text" };
import cilogonTests from "../../../../policies/cilogon.test.yaml" with {
  type: "text",
};
import entra from "../../../../policies/entra-groups.yaml" with {
  type: "text",
};
import entraTests from "../../../../policies/entra-groups.test.yaml" with {
  type: "text",
};
import github from "../../../../policies/github-runners.yaml" with {
  type: "text",
};
import githubTests from "../../../../policies/github-runners.test.yaml" with {
  type: "text",
};
import gitlab from "../../../../policies/gitlab.yaml" with { type: "text" };
import gitlabTests from "../../../../policies/gitlab.test.yaml" with {
  type: "text",
};
import google from "../../../../policies/google-workspace.yaml" with {
  type: "text",
};
import googleTests from "../../../../policies/google-workspace.test.yaml" with {
  type: "text",
};
import kanidm from "../../../../policies/kanidm.yaml" with { type: "text" };
import kanidmTests from "../../../../policies/kanidm.test.yaml" with {
  type: "text",
};
import keycloak from "../../../../policies/keycloak-roles.yaml" with {
  type: "text",
};
import keycloakTests from "../../../../policies/keycloak-roles.test.yaml" with {
  type: "text",
};
import okta from "../../../../policies/okta.yaml" with { type: "text" };
import oktaTests from "../../../../policies/okta.test.yaml" with {
  type: "text",
};
import wlcg from "../../../../policies/wlcg.yaml" with { type: "text" };
import wlcgTests from "../../../../policies/wlcg.test.yaml" with {
  type: "text",
};

interface Start {
  /** The text of the policy. */
  readonly policy: string;
  /** The text of the file of tests beside it. */
  readonly tests: string;
  /** The section of `policies/README.md` that says what to register at the provider. */
  readonly section: string;
}

/** By the name that `policy init --provider` takes. */
export const PROVIDER_STARTS = {
  "auth0": { policy: auth0, tests: auth0Tests, section: "Auth0" },
  "cilogon": { policy: cilogon, tests: cilogonTests, section: "CILogon" },
  "entra": { policy: entra, tests: entraTests, section: "Entra ID" },
  "github-actions": {
    policy: github,
    tests: githubTests,
    section: "GitHub Actions",
  },
  "gitlab": { policy: gitlab, tests: gitlabTests, section: "GitLab" },
  "google": { policy: google, tests: googleTests, section: "Google Workspace" },
  "kanidm": { policy: kanidm, tests: kanidmTests, section: "Kanidm" },
  "keycloak": { policy: keycloak, tests: keycloakTests, section: "Keycloak" },
  "okta": { policy: okta, tests: oktaTests, section: "Okta" },
  "wlcg": { policy: wlcg, tests: wlcgTests, section: "WLCG and EGI" },
} as const satisfies Readonly<Record<string, Start>>;

export type ProviderName = keyof typeof PROVIDER_STARTS;

export const PROVIDER_NAMES = Object.keys(PROVIDER_STARTS) as ProviderName[];
