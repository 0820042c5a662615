/**
 * Signing in with the browser of this machine: authorization code with PKCE and state (RFC 6749
 * section 4.1, RFC 7636, RFC 8252, RFC 9207).
 *
 * @module
 */
import * as oauth from "oauth4webapi";
import { OUT_OF_SERVICE } from "../issuer/errors.ts";
import { within } from "../lib/deadline.ts";
import { visible } from "../lib/text.ts";
import type { AccessToken } from "../token/access_token.ts";
import { proofKey } from "../token/device_flow.ts";
import { issuerWords } from "../token/issuer_words.ts";
import {
  answered,
  exchangeForTokens,
  type IssuedTokens,
  type OAuthClient,
} from "../token/oauth_client.ts";
import { ClientError } from "./errors.ts";
import {
  type Arrival,
  listenForAnswer,
  type LoopbackTarget,
} from "./loopback.ts";

interface CodeFlow {
  readonly client: OAuthClient;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  /** RFC 9207 section 3. */
  readonly namesItself: boolean;
  /** Of the request: scope, nonce, and what the person wants beside. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly target: LoopbackTarget;
  /** Milliseconds for the person. */
  readonly patience: number;
  /** Shows the address to the person, and opens it where there is a browser. */
  readonly show: (url: string) => void;
}

/**
 * Has the person sign in, and gives the tokens to `use`, whose success or failure the browser's page
 * tells. Throws {@link ClientError}, `IssuerError`, and what `use` throws.
 *
 * Does not check the tokens.
 */
export async function signInByCode<Result>(
  flow: CodeFlow,
  use: (tokens: IssuedTokens) => Promise<Result>,
): Promise<Result> {
  await using loopback = listening(flow.target);
  const { codeVerifier, parameters } = await proofKey();
  const state = oauth.generateRandomState();
  const url = new URL(flow.authorizationEndpoint);
  const request = {
    ...flow.parameters,
    ...parameters,
    response_type: "code",
    client_id: flow.client.clientId,
    redirect_uri: loopback.redirectUri,
    state,
  };
  for (const [name, value] of Object.entries(request)) {
    url.searchParams.set(name, value);
  }
  flow.show(url.href);
  const arrival: Arrival = await within(
    loopback.arrival,
    flow.patience,
    () => {
      throw new ClientError("unanswered", "nobody signed in in time");
    },
  );
  const result = await use(
    await redeem(flow, {
      answer: judge(flow, { state, parameters: arrival.parameters }),
      redirectUri: loopback.redirectUri,
      codeVerifier,
    }),
  );
  arrival.answer("done");
  return result;
}

function listening(target: LoopbackTarget) {
  try {
    return listenForAnswer(target);
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      throw new ClientError(
        "unanswered",
        `port ${
          target.port || "for localhost"
        } is taken: is another sign-in waiting?`,
      );
    }
    throw error;
  }
}

/** Judges what the browser brought. Throws {@link ClientError}. */
function judge(
  { client, namesItself }: CodeFlow,
  { state, parameters }: { state: string; parameters: URLSearchParams },
): URLSearchParams {
  const server = {
    issuer: client.issuer,
    authorization_response_iss_parameter_supported: namesItself,
  };
  try {
    return oauth.validateAuthResponse(
      server,
      { client_id: client.clientId },
      parameters,
      state,
    );
  } catch (error) {
    if (error instanceof oauth.AuthorizationResponseError) {
      const words = issuerWords(error.error, error.error_description);
      throw new ClientError(
        OUT_OF_SERVICE.includes(error.error) ? "unanswered" : "refused",
        `the issuer answered ${visible(words).slice(0, 300)}`,
      );
    }
    const cause = error instanceof Error ? error.message : String(error);
    throw new ClientError(
      "refused",
      `what came back is not the answer to this sign-in: ${cause}`,
    );
  }
}

async function redeem(
  { client, tokenEndpoint }: CodeFlow,
  { answer, redirectUri, codeVerifier }: {
    answer: URLSearchParams;
    redirectUri: string;
    codeVerifier: AccessToken;
  },
): Promise<IssuedTokens> {
  const tokens = await exchangeForTokens(client, {
    endpoint: tokenEndpoint,
    send: ({ server, client, auth, options }) =>
      oauth.authorizationCodeGrantRequest(
        server,
        client,
        auth,
        answer,
        redirectUri,
        codeVerifier.reveal(),
        options,
      ),
    process: oauth.processAuthorizationCodeResponse,
  });
  if (tokens instanceof oauth.ResponseBodyError) {
    throw answered(tokens, "the issuer does not give the tokens");
  }
  return tokens;
}
