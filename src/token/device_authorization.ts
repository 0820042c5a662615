/**
 * What an issuer answers to the request for a code, before anybody sees or uses it: codes and URLs
 * without a surprise in them (RFC 8628 section 5.4 leaves that to the client).
 *
 * @module
 */
import type { DeviceAuthorizationResponse } from "oauth4webapi";
import { IssuerError } from "../issuer/errors.ts";
import { checkUrl } from "../issuer/http.ts";
import { AccessToken } from "./access_token.ts";

/** What the issuer answered to the request for a code, judged. */
export interface DeviceAuthorization {
  /** A secret: whoever has it and the approval gets the tokens. */
  readonly deviceCode: AccessToken;
  readonly userCode: string;
  readonly verificationUri: string;
  /** The same with the code in it; `null` where there is none that may be shown. */
  readonly verificationUriComplete: string | null;
  /** Seconds. */
  readonly expiresIn: number;
  /** Seconds to wait between two requests. */
  readonly interval: number;
}

/** RFC 8628 section 3.2, where the issuer does not say otherwise. */
const DEFAULT_INTERVAL = 5;
const MAX_DEVICE_CODE = 4096;
const MAX_URL = 200;
const USER_CODE = /^[A-Z0-9](?:[A-Z0-9-]{2,14})[A-Z0-9]$/;

/**
 * Judges an answer whose members have the right types. Throws {@link IssuerError}.
 *
 * Does not check that the issuer knows the code.
 */
export function checkDeviceAuthorization(
  body: DeviceAuthorizationResponse,
  expected: { hosts: readonly string[] },
): DeviceAuthorization {
  const { device_code, user_code, verification_uri_complete } = body;
  if (
    !/^[\x21-\x7e]+$/.test(device_code) || device_code.length > MAX_DEVICE_CODE
  ) {
    throw invalid("the device code is not plain");
  }
  if (!USER_CODE.test(user_code)) {
    throw invalid(
      `the user code ${
        shown(user_code)
      } is not of capital letters, digits and dashes`,
    );
  }
  const expiresIn = Math.floor(body.expires_in);
  if (expiresIn < 1) throw invalid("the device code has expired already");
  return {
    deviceCode: new AccessToken(device_code),
    userCode: user_code,
    verificationUri: shownUrl(body.verification_uri, expected.hosts),
    verificationUriComplete: verification_uri_complete === undefined
      ? null
      : shownUrlOrNull(verification_uri_complete, expected.hosts),
    expiresIn,
    interval: Math.ceil(body.interval ?? DEFAULT_INTERVAL),
  };
}

/** A URL for a terminal: https, on a host of the policy, printable ASCII, not too long. */
function shownUrl(text: string, hosts: readonly string[]): string {
  // a URL parser drops or hides these: what has them is no honest address
  // deno-lint-ignore no-control-regex
  if (text.length > MAX_URL || /[\x00-\x20\x7f]/.test(text)) {
    throw invalid("the verification URL is not plain, or too long");
  }
  const { href } = checkUrl(text, hosts);
  if (href.length > MAX_URL) throw invalid("the verification URL is too long");
  return href;
}

/** Nobody needs it: there is the URL without the code in it. */
function shownUrlOrNull(text: string, hosts: readonly string[]): string | null {
  try {
    return shownUrl(text, hosts);
  } catch {
    return null;
  }
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}

function invalid(message: string): IssuerError {
  return new IssuerError("invalid", message);
}
