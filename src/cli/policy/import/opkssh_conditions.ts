/**
 * The identity of a line of `auth_id` as conditions of rules.
 *
 * @module
 */
import { knownClaim } from "../../../analysis/lint/rules/claim_types.ts";
import { providerOf } from "../../../analysis/providers.ts";
import type { FileRemark } from "./opkssh_files.ts";
import type { ImportedIssuer } from "./opkssh_issuers.ts";

type Written = Record<string, unknown>;

type Say = (level: FileRemark["level"], message: string) => void;

interface ImportedCondition {
  readonly when: Written;
  /** What tells the rule's id from that of another one for the same line. */
  readonly suffix?: string;
  readonly note?: string;
}

/** Nothing where a line cannot be carried over, which is said. */
export function conditionsOf(
  identity: string,
  issuer: ImportedIssuer,
  say: Say,
): ImportedCondition[] {
  const dropped = (why: string) => {
    say("warning", `${JSON.stringify(identity)} is not carried over: ${why}`);
    return [];
  };
  if (identity.includes("*")) {
    return dropped(
      'its "*" stops at "/", and that of a policy does not: write the rule by hand, with conditions on single claims',
    );
  }
  const ending = /^oidc-match-end:(.*)$/.exec(identity)?.[1];
  const plain = /^oidc:(.*)$/.exec(identity)?.[1];
  if (ending === undefined && plain === undefined) {
    return identity.includes("@")
      ? emailConditions(identity, issuer, say)
      : jobConditions({ sub: identity }, { issuer, dropped });
  }
  const [claim, value] = claimAndValue(ending ?? plain ?? "");
  if (claim === "" || value === "") {
    return dropped("it names no claim, or no value");
  }
  if (!/^(?:\/(?:[^~]|~[01])*|[^/\s].*)$/.test(claim)) {
    return dropped(`${JSON.stringify(claim)} is not a claim`);
  }
  if (plain !== undefined) {
    if (claim === "email") return emailConditions(value, issuer, say);
    return unpinned({ [claim]: value }, issuer)
      ? dropped(everybodyOf(issuer))
      : claimConditions(claim, value, issuer);
  }
  if (!/^[@.:/-]/.test(value)) {
    return dropped(
      `what merely ends in ${
        JSON.stringify(value)
      } may be anybody's: begin with "@" or "."`,
    );
  }
  say(
    "info",
    "an end is compared letter by letter: other capitals are refused",
  );
  const like = { [claim]: { like: `*${value}` } };
  if (claim !== "email") {
    return unpinned(like, issuer)
      ? dropped(everybodyOf(issuer))
      : [{ when: like }];
  }
  if (!value.startsWith("@")) {
    return dropped('what an address ends in must begin with "@"');
  }
  const when = {
    ...like,
    ...verified(issuer, say),
    ...home(value, issuer, say),
  };
  return unpinned(when, issuer) ? dropped(everybodyOf(issuer)) : [{ when }];
}

/** opkssh takes a claim that is the value, and a list that holds it. */
function claimConditions(
  claim: string,
  value: string,
  issuer: ImportedIssuer,
): ImportedCondition[] {
  const list = { when: { [claim]: { any: [value] } }, suffix: "-list" };
  const text = { when: { [claim]: value }, suffix: "-text" };
  const type = knownClaim(claim)?.type;
  if (type === undefined) return [list, text];
  if (type !== "list") return [{ when: text.when }];
  // where it is a list by rights, a single value bare is one too
  issuer.lists.add(claim);
  return [{ when: list.when }];
}

/** `CLAIM:VALUE`, either in quotes; a claim may be a URL only in quotes. */
function claimAndValue(text: string): [string, string] {
  const [, quoted, plain, value = ""] =
    /^(?:"([^"]*)"|([^":]*)):(.*)$/s.exec(text) ?? [];
  return [quoted ?? plain ?? "", value.replaceAll('"', "")];
}

function emailConditions(
  address: string,
  issuer: ImportedIssuer,
  say: Say,
): ImportedCondition[] {
  const email = address.toLowerCase();
  say(
    "info",
    "an address is compared in lower case, as most providers send it, and with nothing but the claim email: a token with capitals in it, or with the address as its sub, is refused",
  );
  const when = {
    email,
    ...verified(issuer, say),
    ...home(email.slice(email.indexOf("@")), issuer, say),
  };
  if (!unpinned(when, issuer)) return [{ when }];
  say(
    "warning",
    `${
      everybodyOf(issuer)
    }: an address there is as good as the issuer's word that it is verified; "sub" would be one person's for good`,
  );
  return [{
    when,
    note:
      "# oauth-pam: ignore[grant/multi-tenant-issuer] carried over from opkssh: one address, which the issuer says is verified",
  }];
}

/** A condition that opkssh does not have: there an address counts whoever says so. */
function verified(issuer: ImportedIssuer, say: Say): Written {
  const claim = providerOf(issuer.url)?.verified ?? "email_verified";
  say(
    "warning",
    `an address counts only where the token has "${claim}": opkssh warns and lets people in`,
  );
  return { [claim]: true };
}

const GOOGLE = "Google";

/** Google says of an organisation's account whose it is; a private one may have any address. */
function home(domain: string, { url }: ImportedIssuer, say: Say): Written {
  const hd = domain.replace(/^@/, "");
  if (
    providerOf(url)?.name !== GOOGLE || /^(?:gmail|googlemail)\.com$/.test(hd)
  ) return {};
  say(
    "warning",
    'at Google an address counts only for an account of its organisation ("hd"): opkssh also takes a private account that was made with it',
  );
  return { hd };
}

function jobConditions(
  when: Written,
  { issuer, dropped }: {
    issuer: ImportedIssuer;
    dropped: (why: string) => ImportedCondition[];
  },
): ImportedCondition[] {
  return unpinned(when, issuer) ? dropped(everybodyOf(issuer)) : [{ when }];
}

/** Whether a condition leaves open whose tokens are meant, where the issuer serves everybody. */
function unpinned(when: Written, { url }: ImportedIssuer): boolean {
  const provider = providerOf(url);
  return provider !== null && provider.everybody !== null &&
    !Object.keys(when).some((claim) => provider.tenants.includes(claim));
}

function everybodyOf({ url }: ImportedIssuer): string {
  const provider = providerOf(url);
  return `${provider?.name ?? url} vouches for ${
    provider?.everybody ?? "everybody"
  }`;
}
